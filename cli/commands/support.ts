import { defineCommand } from 'citty'
import type { SQL } from 'drizzle-orm'
import { and, desc, eq } from 'drizzle-orm'
import type { App } from '#server/domain/context.ts'
import { fromSystem } from '#server/domain/context.ts'
import { endSupportAccess } from '#server/domain/support/end.ts'
import { requestSupportAccess } from '#server/domain/support/request.ts'
import { isOpenAccess } from '#server/domain/support/sessions.ts'
import { requireTenant } from '#server/domain/tenants/tenants.ts'
import { invalid, notFound } from '#shared/errors.ts'
import { canSupportTenants } from '#shared/permissions.ts'
import { foldEmail } from '#shared/schemas/fields.ts'
import { supportRequestSchema } from '#shared/schemas/support.ts'
import { validate } from '#shared/schemas/validate.ts'
import { linesOf } from '../table.ts'
import { defineTask } from '../task.ts'

// The command line cannot authenticate an operator. The caller names one, and the audit log records that name.
const operator = { type: 'string', description: 'Email address of the operator', required: true } as const

const list = defineTask({
  name: 'list',
  description: 'List support sessions, newest first',
  args: { open: { type: 'boolean', description: 'Only active sessions' } },
  onlyLooks: true,
  async run({ app, args }) {
    const rows = await readAccesses(app, args.open ? isOpenAccess() : undefined)
    return { json: rows, text: linesOf(rows, cellsOf, 'No support sessions.') }
  },
})

const request = defineTask({
  name: 'request',
  description: 'Get a link to sign in as a person of an organisation. The link works once, within 1 minute',
  args: {
    subdomain: { type: 'positional', description: "The organisation's subdomain", required: true },
    user: { type: 'string', description: 'Email address of the person', required: true },
    operator,
    reason: { type: 'string', description: "Reason; the organisation's admins can see it", required: true },
    full: { type: 'boolean', description: 'Allow changes (default: read-only)' },
  },
  async run({ app, args }) {
    const tenant = await requireTenant(app, args.subdomain)
    const user = await idOfUser(app, tenant.schema, args.user)
    const input = validate(supportRequestSchema, { user, reason: args.reason, is_read_only: !args.full })
    const by = await requireOperator(app, args.operator)
    const access = await requestSupportAccess(app, tenant.id, input, by, { ...fromSystem, actor: by.id })
    return { json: access, text: `Open this link within 1 minute:\n${access.url}` }
  },
})

const end = defineTask({
  name: 'end',
  description: 'End a support session',
  args: { id: { type: 'positional', description: 'ID of the support session', required: true }, operator },
  async run({ app, args }) {
    const by = await requireOperator(app, args.operator)
    await endSupportAccess(app, args.id, by.id, { ...fromSystem, actor: by.id })
    return { json: { id: args.id }, text: 'The support session was ended.' }
  },
})

export default defineCommand({
  meta: { name: 'support', description: 'Manage support access: operators sign in as a person of an organisation' },
  subCommands: { list, request, end },
})

type Access = Awaited<ReturnType<typeof readAccesses>>[number]

function readAccesses({ database: { platform } }: App, where: SQL | undefined) {
  const { support_accesses: accesses, tenants } = platform.tables
  const { id, operator_email, user_id, reason, is_read_only, created, opened_at, expires_at, ended_at } = accesses
  const whose = { id, subdomain: tenants.subdomain, operator_email, user_id, reason, is_read_only }
  return platform.db
    .select({ ...whose, created, opened_at, expires_at, ended_at })
    .from(accesses)
    .innerJoin(tenants, eq(tenants.id, accesses.tenant))
    .where(where)
    .orderBy(desc(created), id)
    .limit(1_000)
}

function cellsOf(access: Access): string[] {
  return [
    access.id,
    access.subdomain.padEnd(24),
    access.operator_email.padEnd(28),
    access.is_read_only ? 'reads  ' : 'changes',
    access.expires_at.toISOString(),
    access.reason,
  ]
}

async function requireOperator(app: App, address: string): Promise<{ id: string; email: string }> {
  const {
    db,
    tables: { users },
  } = app.database.platform
  const rows = await db
    .select({ id: users.id, email: users.email, role: users.role })
    .from(users)
    .where(and(eq(users.email, foldEmail(address)), eq(users.is_active, true)))
  if (!rows[0] || !canSupportTenants(rows[0]))
    throw invalid({ operator: ['No active operator with this address has permission.'] })
  return rows[0]
}

async function idOfUser(app: App, schema: string, address: string): Promise<string> {
  const {
    db,
    tables: { users },
  } = app.database.tenant(schema)
  const rows = await db
    .select({ id: users.id })
    .from(users)
    .where(eq(users.email, foldEmail(address)))
  if (!rows[0]) throw notFound()
  return rows[0].id
}
