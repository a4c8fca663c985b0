import { asc, eq } from 'drizzle-orm'
import { defineCommand } from 'citty'
import { newTenantSchema } from '../../shared/schemas/tenant.ts'
import { fromSystem } from '../../server/domain/app.ts'
import type { App } from '../../server/domain/app.ts'
import type { TenantRow } from '../../server/domain/tenants.ts'
import { createTenant, requireTenant, setTenantStatus, tenantColumns } from '../../server/domain/tenants.ts'
import { validate } from '../../shared/schemas/validate.ts'
import { defineTask, readPassword } from '../task.ts'
import { archives, clone, exportTask, restoreArchive } from './archives.ts'
import { exec } from './exec.ts'

const subdomain = { type: 'positional', description: 'The organisation\'s subdomain', required: true } as const

const create = defineTask({
  name: 'create',
  description: 'Create an organisation with its schema and first admin, whole or not at all',
  args: {
    'name': { type: 'string', description: 'Name, such as "Acme Ltd"', required: true },
    'subdomain': { type: 'string', description: 'Subdomain, such as acme', required: true },
    'email': { type: 'string', description: 'The organisation\'s e-mail address', required: true },
    'phone': { type: 'string', description: 'The organisation\'s phone number', default: '' },
    'admin-email': { type: 'string', description: 'The first admin\'s e-mail address', required: true },
    'password-stdin': { type: 'boolean', description: 'Read the admin\'s password from standard input instead of making a link' },
  },
  async run({ app, migrations, args }) {
    const input = validate(newTenantSchema, { name: args.name, subdomain: args.subdomain, business_email: args.email, business_phone_number: args.phone, admin_email: args['admin-email'] })
    const admin_password = args['password-stdin'] ? await readPassword() : null
    const { tenant, url, admin, password_link } = await createTenant(app, migrations.tenant, { ...input, admin_password }, fromSystem)
    const json = { ...identity(tenant), url, admin, ...password_link ? { password_link } : {} }
    return { json, text: `${tenant.name} is ready at ${url} (${tenant.tenant_id}).${password_link ? `\n${admin.email} sets a password here, once, within 7 days:\n${password_link}` : ''}` }
  },
})

const list = defineTask({
  name: 'list',
  description: 'List all organisations',
  args: {},
  async run({ app }) {
    const { db, tables: { tenants } } = app.database.platform
    const rows = await db.select(tenantColumns(tenants)).from(tenants).orderBy(asc(tenants.subdomain))
    return {
      json: rows.map(row => ({ ...details(row), url: urlOf(app, row) })),
      text: rows.length === 0 ? 'No organisations yet.' : rows.map(row => [row.subdomain.padEnd(24), row.status.padEnd(10), row.tenant_id.padEnd(12), row.name].join('  ')).join('\n'),
    }
  },
})

const show = defineTask({
  name: 'show',
  description: 'Show one organisation',
  args: { subdomain },
  async run({ app, args }) {
    const tenant = await requireTenant(app, args.subdomain)
    const json = { ...details(tenant), url: urlOf(app, tenant), version: tenant.version, admin: await firstAdmin(app, tenant.schema) }
    return { json, text: Object.entries(json).map(([key, value]) => `${key.padEnd(22)}  ${typeof value === 'object' && !(value instanceof Date) ? JSON.stringify(value) : value instanceof Date ? value.toISOString() : value}`).join('\n') }
  },
})

const suspend = statusTask('suspend', 'suspended', 'Close an organisation\'s portal and API, at once')
const resume = statusTask('resume', 'active', 'Open a suspended organisation again')

export default defineCommand({
  meta: { name: 'tenant', description: 'Organisations' },
  subCommands: { create, list, show, suspend, resume, 'export': exportTask, 'restore-archive': restoreArchive, clone, archives, exec },
})

function statusTask(name: string, status: 'active' | 'suspended', description: string) {
  return defineTask({
    name,
    description,
    args: { subdomain },
    async run({ app, args }) {
      const tenant = await setTenantStatus(app, args.subdomain, status, fromSystem)
      return { json: { ...details(tenant), url: urlOf(app, tenant) }, text: `${tenant.name} is ${status}.` }
    },
  })
}

function identity({ id, name, subdomain, schema, tenant_id }: TenantRow) {
  return { id, name, subdomain, schema, tenant_id }
}

function details(tenant: TenantRow) {
  const { business_email, business_phone_number, status, is_active, created, updated } = tenant
  return { ...identity(tenant), business_email, business_phone_number, status, is_active, created, updated }
}

function urlOf(app: App, tenant: TenantRow): string {
  return app.config.originOf(`${tenant.subdomain}.${app.config.baseDomain}`)
}

async function firstAdmin(app: App, schema: string): Promise<{ id: string, email: string } | null> {
  const { db, tables: { users } } = app.database.tenant(schema)
  const rows = await db.select({ id: users.id, email: users.email }).from(users).where(eq(users.role, 'Admin')).orderBy(asc(users.date_joined), asc(users.id)).limit(1)
  return rows[0] ?? null
}
