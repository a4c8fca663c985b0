import type { SQL } from 'drizzle-orm'
import { sql } from 'drizzle-orm'
import type { Db } from '#server/database/realms.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import { inMaintenance, tenantInactive } from '#server/domain/sessions/refusals.ts'
import type { ApiError } from '#shared/errors.ts'
import { notFound } from '#shared/errors.ts'
import type { TenantStatus } from '#shared/tenant-statuses.ts'

/** How a tenant stands to those who call: only an `active` one is open. */
export type TenantStanding = TenantStatus | 'maintenance' | 'gone'

/** Of a row, or of a join's alias, of tenants. */
export function standingOf({
  status,
  maintenance_since,
}: {
  status: TenantStatus
  maintenance_since: Date | null
}): TenantStanding {
  return maintenance_since === null ? status : 'maintenance'
}

/** The same in a prepared query of any realm, whose placeholder `tenant` is what `tenantOf` gives. */
export const standingNow = standingBy(sql.placeholder('tenant'))

/** The same in any other query of the realm. */
export function standingIn(authRealm: AuthRealm): SQL<TenantStanding> {
  return standingBy(tenantOf(authRealm))
}

/** @returns the tenant's id, or null: the platform's own realm has no tenant above it */
export function tenantOf({ kind, id }: AuthRealm): string | null {
  return kind === 'tenant' ? id : null
}

function standingBy(tenant: unknown) {
  return sql<TenantStanding>`coalesce((
    select case when t.maintenance_since is null then t.status else 'maintenance' end
    from platform.tenants t where t.id = ${tenant}::uuid
  ), case when ${tenant}::uuid is null then 'active' else 'gone' end)`
}

/**
 * Asks the database, as what a process remembers of a host may be old: for what anyone may call and is let in by.
 * @throws ApiError 403, 404 or 503 where the tenant is not open
 */
export async function requireOpenTenant(db: Db, authRealm: AuthRealm): Promise<void> {
  const rows = await db.select({ standing: standingIn(authRealm) }).from(sql`(values (1)) as one`)
  const closed = closedAnswer(rows[0]!.standing)
  if (closed) throw closed
}

/** @returns the one answer for everything on the host of a tenant that is not open */
export function closedAnswer(standing: TenantStanding): ApiError | undefined {
  switch (standing) {
    case 'active':
      return undefined
    case 'maintenance':
      return inMaintenance()
    case 'gone':
      return notFound()
    default:
      return tenantInactive(standing)
  }
}
