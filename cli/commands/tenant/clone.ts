import { eq } from 'drizzle-orm'
import type { RunningApp } from '#server/create-app.ts'
import { requestClone } from '#server/domain/archives/requests.ts'
import { fromSystem } from '#server/domain/context.ts'
import { inviteLife, issuePasswordLink } from '#server/domain/sessions/one-time-links.ts'
import { tenantRealmOf } from '#server/domain/tenants/origins.ts'
import { requireTenant } from '#server/domain/tenants/tenants.ts'
import { cloneSchema } from '#shared/schemas/archives.ts'
import { validate } from '#shared/schemas/validate.ts'
import { runToEnd } from '../../run-operation.ts'
import { defineTask } from '../../task.ts'
import { subdomain } from './describe.ts'

export const clone = defineTask({
  name: 'clone',
  description: 'Clone an organisation with anonymised people',
  args: {
    'source': subdomain,
    'subdomain': { type: 'string', description: 'Subdomain of the clone', required: true },
    'name': { type: 'string', description: 'Name of the clone', required: true },
    'admin-email': { type: 'string', description: 'Email address of the clone’s admin', required: true },
    'keep-admin': {
      type: 'boolean',
      description: 'The admin is an admin of the original; keep their name and password',
    },
  },
  async run({ app, migrations, args }) {
    const source = await requireTenant(app, args.source)
    const input = validate(cloneSchema, {
      name: args.name,
      subdomain: args.subdomain,
      admin_email: args['admin-email'],
      keep_admin: args['keep-admin'] ?? false,
    })
    const result = await runToEnd<{ tenant: string; subdomain: string; url: string }>(
      app,
      migrations,
      await requestClone(app, source.id, { ...input, by_mail: false }, fromSystem, true),
    )
    const password_link = input.keep_admin ? undefined : await linkFor(app, result.tenant, input.admin_email)
    return {
      json: { ...result, ...(password_link ? { password_link } : {}) },
      text: `${input.name} is ready at ${result.url}.${password_link ? `\nLink for ${input.admin_email} to set a password (works once, expires in 7 days):\n${password_link}` : ''}`,
    }
  },
})

async function linkFor(app: RunningApp, tenantId: string, email: string): Promise<string> {
  const authRealm = tenantRealmOf(app, await requireTenant(app, { id: tenantId }))
  const {
    db,
    transaction,
    tables: { users },
  } = authRealm.realm
  const [user] = await db.select({ id: users.id }).from(users).where(eq(users.email, email))
  return transaction(tx => issuePasswordLink(tx, authRealm, user!.id, inviteLife))
}
