import { eq, sql } from 'drizzle-orm'
import type { Db } from '#server/database/realms.ts'
import type { App } from '#server/domain/context.ts'
import { notFound } from '#shared/errors.ts'
import type { TenantStatus } from '#shared/tenant-statuses.ts'
import { primaryDomain } from './origins.ts'

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
  /** Why it is suspended or scheduled for deletion. */
  status_reason: string | null
  status_changed: Date | null
  /** When it will be purged, if its deletion is scheduled. */
  purge_after: Date | null
  maintenance_since: Date | null
  /** The custom domain that is the primary host; null: the subdomain is. */
  primary_domain: string | null
  created: Date
  updated: Date
}

/** The channel on which processes tell each other that a tenant has changed. */
export const tenantsChannel = 'tenantry_tenants'

/**
 * Loads a tenant by its subdomain or its id.
 * @throws ApiError 404
 */
export async function requireTenant(
  app: App,
  by: string | { id: string },
): Promise<TenantRow & { version: string | null }> {
  const { tenants, schema_versions: versions } = app.database.platform.tables
  const rows = await app.database.platform.db
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

/** Tells every process that the tenant has changed, when the transaction commits. */
export function announceTenant(tx: Db, id: string) {
  return tx.execute(sql`select pg_notify(${tenantsChannel}, ${id})`)
}
