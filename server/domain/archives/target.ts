import { eq } from 'drizzle-orm'
import type { Db } from '#server/database/realms.ts'
import { newSchemaName } from '#server/database/schema-names.ts'
import type { App } from '#server/domain/context.ts'
import { newSigningKey } from '#server/domain/keys/ring.ts'
import { insertTenant } from '#server/domain/tenants/insert.ts'
import { explainTaken } from '#server/domain/tenants/names.ts'
import { tenantOrigin } from '#server/domain/tenants/origins.ts'
import { requireFreeSubdomain } from '#server/domain/tenants/subdomains.ts'
import type { TenantRow } from '#server/domain/tenants/tenants.ts'

/**
 * The tenant that an operation will create. Its schema is chosen when the operation is requested, so a second attempt
 * finds what the first one has done.
 */
export interface NewPlace {
  name: string
  subdomain: string
  business_email: string
  business_phone_number: string
  schema: string
}

/** @throws ApiError 400 on `name` or `subdomain` when it is taken */
export async function planPlace(app: App, input: Omit<NewPlace, 'schema'>): Promise<NewPlace> {
  const place = { ...input, schema: newSchemaName(input.subdomain) }
  const tried = new Error('Rolled back.')
  // Dry run: insert, then roll back.
  await app.database.platform
    .transaction(async tx => {
      await openPlace(tx, app, place)
      throw tried
    })
    .catch((error: unknown) => {
      if (error !== tried) throw error
    })
  return place
}

/**
 * Inserts the tenant's row, in the transaction that creates its schema. @throws ApiError 400 on `name` or `subdomain`
 */
export async function openPlace(tx: Db, app: App, place: NewPlace): Promise<{ tenant: TenantRow; url: string }> {
  const tenant = await explainTaken(() => insertTenant(tx, app, place, place.schema, new Date()))
  await requireFreeSubdomain(tx, app.database.platform, tenant.subdomain, { tenant: tenant.id })
  return { tenant, url: tenantOrigin(app.config, tenant) }
}

/** Gives a new tenant its first signing key, in the transaction that makes its schema. */
export async function addSigningKey(tx: Db, app: App, schema: string): Promise<void> {
  const key = await newSigningKey(schema, app.config.secret, new Date())
  await tx.insert(app.database.tenant(schema).tables.signing_keys).values(key)
}

/** @returns the result, if the tenant has been created */
export async function findPlace(
  { config, database }: App,
  schema: string,
): Promise<{ tenant: string; subdomain: string; url: string } | undefined> {
  const { db, tables } = database.platform
  const { tenants } = tables
  const rows = await db
    .select({ tenant: tenants.id, subdomain: tenants.subdomain })
    .from(tenants)
    .where(eq(tenants.schema, schema))
  return rows[0] && { ...rows[0], url: config.originOf(`${rows[0].subdomain}.${config.baseDomain}`) }
}

/** The input of an operation `restore`. */
export interface RestoreInput {
  archive: string
  /** Whether an archive of another installation is accepted. */
  foreign: boolean
  /** The tenant to create; null: the data of the operation's tenant is replaced. */
  place: NewPlace | null
  /** In place: whether the present data is archived first. */
  keep: boolean
  /** In place: whether the tenant was in maintenance before, and stays in it. */
  maintained: boolean
}
