import { randomInt } from 'node:crypto'
import { eq, sql } from 'drizzle-orm'
import { violatedUnique } from '#server/database/errors.ts'
import { newId } from '#server/database/ids.ts'
import type { Migration } from '#server/database/migrations/files.ts'
import { claimSpare, makeSchema } from '#server/database/migrations/spare-schemas.ts'
import type { Db, PlatformRealm } from '#server/database/realms.ts'
import { newSchemaName } from '#server/database/schema-names.ts'
import { recordAudit } from '#server/domain/audit/audit.ts'
import type { App, Origin } from '#server/domain/context.ts'
import { newSigningKey } from '#server/domain/keys/ring.ts'
import { mailWelcome } from '#server/domain/mail/welcome.ts'
import { inviteLife, issuePasswordLink } from '#server/domain/sessions/links.ts'
import { createUser } from '#server/domain/users/users.ts'
import type { Language } from '#shared/dates.ts'
import { invalid, notFound } from '#shared/errors.ts'
import type { TenantStatus } from '#shared/tenant-statuses.ts'
import { primaryDomain, tenantRealmOf } from './origins.ts'
import { poolChannel } from './pool.ts'
import { requireFreeSubdomain, subdomainTaken } from './subdomains.ts'

export interface TenantRow {
  id: string
  name: string
  business_phone_number: string
  business_email: string
  is_active: boolean
  schema: string
  subdomain: string
  tenant_id: string
  status: TenantStatus
  /** Why it is suspended or to be deleted. */
  status_reason: string | null
  status_changed: Date | null
  /** When it will be purged, where its deletion is scheduled. */
  purge_after: Date | null
  maintenance_since: Date | null
  /** Host of the custom domain that is canonical, in place of the subdomain's. */
  primary_domain: string | null
  created: Date
  updated: Date
}

export interface NewTenant {
  name: string
  subdomain: string
  business_email: string
  business_phone_number: string
  admin_email: string
  /** Plain, or null: the admin then sets one by the link that comes back. */
  admin_password: string | null
  /** Of its mails; English unless said. */
  language?: Language
}

export interface CreatedTenant {
  tenant: TenantRow
  url: string
  admin: { id: string; email: string }
  /** Single use; null when a password was given. */
  password_link: string | null
}

/** The channel on which processes tell each other that a tenant is not as they remember it. */
export const tenantsChannel = 'tenantry_tenants'

/**
 * Creates a tenant whole or not at all: its row, schema, tables, signing key and first Admin in one
 * transaction, so that a process killed at any point leaves nothing behind.
 * @throws ApiError 400 naming a field that is taken or breaks a rule
 */
export function createTenant(
  app: App,
  migrations: Migration[],
  input: NewTenant,
  origin: Origin,
): Promise<CreatedTenant> {
  return app.database.platform.transaction(tx => createTenantIn(tx, app, migrations, input, origin))
}

/** The same, with a mail that brings the first Admin a link to choose a password: none without the other. */
export function createTenantByMail(
  app: App,
  migrations: Migration[],
  input: Omit<NewTenant, 'admin_password'>,
  origin: Origin,
): Promise<TenantRow> {
  return app.database.platform.transaction(async tx => {
    const { tenant, admin } = await createTenantIn(tx, app, migrations, { ...input, admin_password: null }, origin)
    await mailWelcome(tx, tenantRealmOf(app, tenant), admin)
    return tenant
  })
}

/**
 * The same in the caller's transaction, together with what it comes from.
 * @param signup the sign-up that the subdomain is kept for
 */
export async function createTenantIn(
  tx: Db,
  app: App,
  migrations: Migration[],
  input: NewTenant,
  origin: Origin,
  signup?: string,
): Promise<CreatedTenant> {
  const { platform } = app.database
  const schema = newSchemaName(input.subdomain)
  const now = new Date()
  await requireFreeSubdomain(tx, platform, input.subdomain, { signup })
  const tenant = await explainTaken(() => insertTenant(tx, app, input, schema, now))
  const authRealm = tenantRealmOf(app, tenant)
  const { signing_keys: keys, settings } = authRealm.realm.tables
  if (!(await claimSpare(tx, migrations, schema))) await makeSchema(tx, schema, migrations)
  // Made now, as its private half is bound to the schema's name.
  await tx.insert(keys).values(await newSigningKey(schema, app.config.secret, now))
  if (input.language) await tx.update(settings).set({ language: input.language })
  // An operator is nobody in the tenant's own record: her id is of another realm.
  const inTenant = origin.actor === null ? origin : { ...origin, actor: null, ip: null }
  const admin = await createUser(
    app,
    authRealm,
    { email: input.admin_email, password: input.admin_password, role: 'Admin' },
    inTenant,
    tx,
  )
  const password_link =
    input.admin_password === null ? await issuePasswordLink(tx, authRealm, admin.id, inviteLife) : null
  await recordAudit(tx, platform, origin, {
    action: 'tenant.created',
    subject: tenant.id,
    details: { subdomain: tenant.subdomain },
  })
  await announceTenant(tx, tenant.id)
  await tx.execute(sql`select pg_notify(${poolChannel}, '')`)
  return { tenant, url: authRealm.origin, admin: { id: admin.id, email: admin.email }, password_link }
}

/**
 * Finds a tenant by its subdomain, as people name it, or by its id.
 * @throws ApiError 404
 */
export async function requireTenant(
  app: App,
  by: string | { id: string },
): Promise<TenantRow & { version: string | null }> {
  const {
    db,
    tables: { tenants, schema_versions: versions },
  } = app.database.platform
  const rows = await db
    .select({ ...tenantColumns(tenants), version: versions.version })
    .from(tenants)
    .leftJoin(versions, eq(versions.schema, tenants.schema))
    .where(typeof by === 'string' ? eq(tenants.subdomain, by) : eq(tenants.id, by.id))
  if (!rows[0]) throw notFound()
  return rows[0]
}

/** A tenant's columns, by name. */
export function tenantColumns(tenants: App['database']['platform']['tables']['tenants']) {
  return {
    id: tenants.id,
    name: tenants.name,
    business_phone_number: tenants.business_phone_number,
    business_email: tenants.business_email,
    is_active: tenants.is_active,
    schema: tenants.schema,
    subdomain: tenants.subdomain,
    tenant_id: tenants.tenant_id,
    status: tenants.status,
    status_reason: tenants.status_reason,
    status_changed: tenants.status_changed,
    purge_after: tenants.purge_after,
    maintenance_since: tenants.maintenance_since,
    primary_domain: primaryDomain(tenants),
    created: tenants.created,
    updated: tenants.updated,
  }
}

/** @throws ApiError 400 on `name` where another tenant has it */
export async function requireFreeName(db: Db, { tables: { tenants } }: PlatformRealm, name: string): Promise<void> {
  if ((await db.$count(tenants, sql`lower(${tenants.name}) = lower(${name})`)) > 0) throw nameTaken()
}

/** Says of a name that is taken which it is. @throws ApiError 400, or what `work` throws */
export async function explainTaken<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const unique = violatedUnique(error)
    if (unique === 'tenants_name') throw nameTaken()
    if (unique === 'tenants_subdomain') throw subdomainTaken()
    throw error
  }
}

function nameTaken() {
  return invalid({ name: ['An organisation with this name already exists.'] })
}

/**
 * Writes a tenant's row, with a slug that nobody has; its schema is made in the same transaction.
 * @throws what `explainTaken` explains
 */
export async function insertTenant(
  tx: Db,
  app: App,
  input: Omit<NewTenant, 'admin_email' | 'admin_password'>,
  schema: string,
  now: Date,
): Promise<TenantRow> {
  const { tenants } = app.database.platform.tables
  const { name, subdomain, business_email, business_phone_number } = input
  // A slug that is taken is drawn again, with more digits each time: the letters alone leave room for few.
  for (let digits = 4; digits <= 9; digits++) {
    const rows = await tx
      .insert(tenants)
      .values({
        id: newId(),
        name,
        subdomain,
        business_email,
        business_phone_number,
        schema,
        tenant_id: drawTenantId(name, digits),
        created: now,
        updated: now,
      })
      .onConflictDoNothing({ target: tenants.tenant_id })
      .returning(tenantColumns(tenants))
    if (rows[0]) return rows[0]
  }
  throw new Error('No free tenant_id was found.')
}

function drawTenantId(name: string, digits: number): string {
  const letters = name
    .normalize('NFKD')
    .toUpperCase()
    .replaceAll(/[^A-Z]/g, '')
    .slice(0, 3)
    .padEnd(3, 'X')
  return `${letters}-${String(randomInt(10 ** digits)).padStart(digits, '0')}`
}

/** Tells every process that it must look at the tenant anew, when the transaction is done. */
export function announceTenant(tx: Db, id: string) {
  return tx.execute(sql`select pg_notify(${tenantsChannel}, ${id})`)
}
