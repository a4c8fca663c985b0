import { asc } from 'drizzle-orm'
import { fromSystem } from '#server/domain/context.ts'
import { countPasskeys } from '#server/domain/factors/related-origins.ts'
import { createTenant } from '#server/domain/tenants/create.ts'
import { requireTenantDetails } from '#server/domain/tenants/details.ts'
import { tenantRealmOf } from '#server/domain/tenants/origins.ts'
import type { TenantRow } from '#server/domain/tenants/tenants.ts'
import { requireTenant, tenantColumns } from '#server/domain/tenants/tenants.ts'
import { changeTenant } from '#server/domain/tenants/update.ts'
import { newTenantSchema, tenantChangeSchema } from '#shared/schemas/tenants.ts'
import { validate } from '#shared/schemas/validate.ts'
import { linesOf } from '../../table.ts'
import { defineTask, readPassword, UsageError } from '../../task.ts'
import { details, identity, subdomain } from './describe.ts'

export const create = defineTask({
  name: 'create',
  description: 'Create an organisation with its first admin',
  args: {
    'name': { type: 'string', description: 'Name, such as "Acme Ltd"', required: true },
    'subdomain': { type: 'string', description: 'Subdomain, such as acme', required: true },
    'email': { type: 'string', description: "The organisation's email address", required: true },
    'phone': { type: 'string', description: "The organisation's phone number", default: '' },
    'admin-email': { type: 'string', description: "The first admin's email address", required: true },
    'password-stdin': {
      type: 'boolean',
      description: "Read the admin's password from standard input instead of creating a link",
    },
  },
  async run({ app, migrations, args }) {
    const input = validate(newTenantSchema, {
      name: args.name,
      subdomain: args.subdomain,
      business_email: args.email,
      business_phone_number: args.phone,
      admin_email: args['admin-email'],
    })
    const admin_password = args['password-stdin'] ? await readPassword() : null
    const { tenant, url, admin, password_link } = await createTenant(
      app,
      migrations.tenant,
      { ...input, admin_password },
      fromSystem,
    )
    const json = { ...identity(tenant), url, admin, ...(password_link ? { password_link } : {}) }
    return {
      json,
      text: `${tenant.name} is ready at ${url} (${tenant.tenant_id}).${password_link ? `\nLink for ${admin.email} to set a password (works once, expires in 7 days):\n${password_link}` : ''}`,
    }
  },
})

export const list = defineTask({
  name: 'list',
  description: 'List all organisations',
  args: {},
  onlyLooks: true,
  async run({ app }) {
    const { tenants } = app.database.platform.tables
    const rows = await app.database.platform.db
      .select(tenantColumns(tenants))
      .from(tenants)
      .orderBy(asc(tenants.subdomain))
    return {
      json: rows.map(row => details(app, row)),
      text: linesOf(rows, cellsOf, 'No organisations yet.'),
    }
  },
})

function cellsOf({ subdomain, status, tenant_id, name }: TenantRow): string[] {
  return [subdomain.padEnd(24), status.padEnd(10), tenant_id.padEnd(12), name]
}

export const show = defineTask({
  name: 'show',
  description: 'Show one organisation',
  args: { subdomain },
  onlyLooks: true,
  async run({ app, args }) {
    const tenant = await requireTenantDetails(app, args.subdomain)
    const { version, admin, people, domains, former_subdomains } = tenant
    const json = {
      ...details(app, tenant),
      version,
      admin,
      people,
      domains: domains.map(domain => domain.host),
      former_subdomains: former_subdomains.map(former => former.subdomain),
    }
    return {
      json,
      text: Object.entries(json)
        .map(([key, value]) => `${key.padEnd(22)}  ${inWords(value)}`)
        .join('\n'),
    }
  },
})

export const rename = defineTask({
  name: 'rename',
  description: 'Change the name or subdomain of an organisation; the old address redirects for a while',
  args: {
    from: subdomain,
    subdomain: { type: 'string', description: 'The new subdomain' },
    name: { type: 'string', description: 'The new name' },
  },
  async run({ app, args }) {
    if (args.subdomain === undefined && args.name === undefined)
      throw new UsageError('Use --subdomain, --name, or both')
    const change = validate(tenantChangeSchema, { subdomain: args.subdomain, name: args.name })
    const before = await requireTenant(app, args.from)
    const tenant = await changeTenant(app, before.id, change, fromSystem)
    const json = details(app, tenant)
    const lines = [`${tenant.name} is at ${json.url}.`]
    const passkeys = tenant.subdomain === before.subdomain ? 0 : await countPasskeys(tenantRealmOf(app, tenant).realm)
    if (passkeys > 0)
      lines.push(
        `${passkeys === 1 ? '1 passkey was' : `${passkeys} passkeys were`} added at other addresses.`,
        'Where a browser refuses one, its owner signs in with the password and adds a new one.',
      )
    return { json, text: lines.join('\n') }
  },
})

function inWords(value: unknown): string {
  if (value instanceof Date) return value.toISOString()
  if (Array.isArray(value)) return value.join(', ') || '-'
  return value !== null && typeof value === 'object' ? JSON.stringify(value) : String(value ?? '-')
}
