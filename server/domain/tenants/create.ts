import { sql } from 'drizzle-orm'
import type { Migration } from '#server/database/migrations/files.ts'
import { claimSpare, makeSchema } from '#server/database/migrations/spare-schemas.ts'
import { writeStanding } from '#server/database/migrations/standing.ts'
import type { Db, TenantRealm } from '#server/database/realms.ts'
import { newSchemaName } from '#server/database/schema-names.ts'
import { recordAudit } from '#server/domain/audit/audit.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import { newSigningKey } from '#server/domain/keys/ring.ts'
import { mailWelcome } from '#server/domain/mail/welcome.ts'
import { inviteLife, issuePasswordLink } from '#server/domain/sessions/one-time-links.ts'
import { createUser } from '#server/domain/users/create.ts'
import type { Language } from '#shared/dates.ts'
import type { NewTenant } from './insert.ts'
import { insertTenant } from './insert.ts'
import { explainTaken } from './names.ts'
import { tenantRealmOf } from './origins.ts'
import { poolChannel } from './pool.ts'
import { requireFreeSubdomain } from './subdomains.ts'
import type { TenantRow } from './tenants.ts'
import { announceTenant } from './tenants.ts'

export interface CreatedTenant {
  tenant: TenantRow
  url: string
  admin: { id: string; email: string }
  /** Works once; null if a password was given. */
  password_link: string | null
}

/**
 * Creates a tenant with its schema, tables, signing key and first Admin, in one transaction.
 * @throws ApiError 400 on a field that is taken or breaks a rule
 */
export function createTenant(
  app: App,
  migrations: Migration[],
  input: NewTenant,
  audit: AuditContext,
): Promise<CreatedTenant> {
  return app.database.platform.transaction(tx => createTenantIn(tx, app, migrations, input, audit))
}

/** As `createTenant`, and mails the first Admin a link to choose a password, in the same transaction. */
export function createTenantByMail(
  app: App,
  migrations: Migration[],
  input: Omit<NewTenant, 'admin_password'>,
  audit: AuditContext,
): Promise<TenantRow> {
  return app.database.platform.transaction(async tx => {
    const { tenant, admin } = await createTenantIn(tx, app, migrations, { ...input, admin_password: null }, audit)
    await mailWelcome(tx, tenantRealmOf(app, tenant), admin)
    return tenant
  })
}

/**
 * As `createTenant`, in the caller's transaction.
 * @param signup the sign-up that the subdomain is reserved for
 */
export async function createTenantIn(
  tx: Db,
  app: App,
  migrations: Migration[],
  input: NewTenant,
  audit: AuditContext,
  signup?: string,
): Promise<CreatedTenant> {
  const { platform } = app.database
  const schema = newSchemaName(input.subdomain)
  const now = new Date()
  await requireFreeSubdomain(tx, platform, input.subdomain, { signup })
  const tenant = await explainTaken(() => insertTenant(tx, app, input, schema, now))
  const authRealm = tenantRealmOf(app, tenant)
  await fillRealm(tx, app, migrations, authRealm, input.language, now)
  const { id, email } = await createAdmin(tx, app, authRealm, input, audit)
  const password_link = input.admin_password === null ? await issuePasswordLink(tx, authRealm, id, inviteLife) : null
  await recordAudit(tx, platform, audit, {
    action: 'tenant.created',
    subject: tenant.id,
    details: { subdomain: tenant.subdomain },
  })
  await announceTenant(tx, tenant.id)
  await tx.execute(sql`select pg_notify(${poolChannel}, '')`)
  return { tenant, url: authRealm.origin, admin: { id, email }, password_link }
}

/** Makes the schema, where there is no spare one, its standing and its signing key. */
async function fillRealm(
  tx: Db,
  app: App,
  migrations: Migration[],
  { realm: { schema, tables } }: AuthRealm<TenantRealm>,
  language: Language | undefined,
  now: Date,
): Promise<void> {
  if (!(await claimSpare(tx, migrations, schema))) await makeSchema(tx, schema, migrations)
  await writeStanding(tx, schema)
  // Not created in advance, because the private key is bound to the schema's name.
  await tx.insert(tables.signing_keys).values(await newSigningKey(schema, app.config.secret, now))
  if (language) await tx.update(tables.settings).set({ language })
}

function createAdmin(tx: Db, app: App, authRealm: AuthRealm<TenantRealm>, input: NewTenant, audit: AuditContext) {
  const { admin_email: email, admin_name: name, admin_password: password } = input
  const admin = { ...name, email, password, role: 'Admin' } as const
  // The tenant's audit log does not name operators: their ids are of another realm.
  const inTenant = audit.actor === null ? audit : { ...audit, actor: null, ip: null }
  return createUser(app, authRealm, admin, inTenant, tx)
}
