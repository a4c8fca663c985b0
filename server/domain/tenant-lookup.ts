import { eq } from 'drizzle-orm'
import { notFound } from '../../shared/errors.ts'
import type { TenantRealm } from '../database/realms.ts'
import type { App } from './app.ts'
import type { AuthRealm } from './auth-realm.ts'
import { tenantAuthRealm } from './auth-realm.ts'
import { tenantOrigin } from './tenant-origins.ts'
import type { TenantRow } from './tenants.ts'
import { tenantColumns } from './tenants.ts'

/** @throws ApiError 404 */
export async function requireTenantById(app: App, id: string): Promise<TenantRow> {
  const { db, tables: { tenants } } = app.database.platform
  const rows = await db.select(tenantColumns(tenants)).from(tenants).where(eq(tenants.id, id))
  if (!rows[0]) throw notFound()
  return rows[0]
}

/** A tenant's realm, at its canonical origin. */
export function tenantRealmOf({ config, database }: App, tenant: TenantRow): AuthRealm<TenantRealm> {
  return tenantAuthRealm(database, { ...tenant, origin: tenantOrigin(config, tenant) })
}
