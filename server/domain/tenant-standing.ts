import { sql } from 'drizzle-orm'
import type { ApiError } from '../../shared/errors.ts'
import { notFound } from '../../shared/errors.ts'
import type { TenantStatus } from '../../shared/tenant-statuses.ts'
import type { Db } from '../database/realms.ts'
import type { AuthRealm } from './auth-realm.ts'
import { inMaintenance, tenantInactive } from './refusals.ts'

/** How a tenant stands to those who call: only an `active` one is open. */
export type TenantStanding = TenantStatus | 'maintenance' | 'gone'

/** Of a row, or of a join's alias, of tenants. */
export function standingOf({ status, maintenance_since }: { status: TenantStatus, maintenance_since: Date | null }): TenantStanding {
  return maintenance_since === null ? status : 'maintenance'
}

/**
 * The same in a prepared query of any realm, whose placeholder `tenant` is the tenant's id or null: the platform's own
 * realm has no tenant above it.
 */
export const standingNow = sql<TenantStanding>`coalesce((
  select case when t.maintenance_since is null then t.status else 'maintenance' end
  from platform.tenants t where t.id = ${sql.placeholder('tenant')}::uuid
), case when ${sql.placeholder('tenant')}::uuid is null then 'active' else 'gone' end)`

/** @returns how the tenant of a realm stands right now; the platform's own realm is always open */
export async function readStanding({ kind, id }: AuthRealm, db: Db): Promise<TenantStanding> {
  const rows = await db.select({ standing: standingNow }).from(sql`(values (1)) as one`).execute({ tenant: kind === 'tenant' ? id : null })
  return rows[0]!.standing
}

/** @throws ApiError 403, 404 or 503 where the tenant is not open as of now */
export async function requireOpen(tx: Db, authRealm: AuthRealm): Promise<void> {
  const closed = authRealm.kind === 'tenant' && closedAnswer(await readStanding(authRealm, tx))
  if (closed) throw closed
}

/** @returns the one answer for everything on the host of a tenant that is not open */
export function closedAnswer(standing: TenantStanding): ApiError | undefined {
  switch (standing) {
    case 'active': return undefined
    case 'maintenance': return inMaintenance()
    case 'gone': return notFound()
    default: return tenantInactive(standing)
  }
}
