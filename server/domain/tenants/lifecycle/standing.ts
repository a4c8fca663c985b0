import type { SQL } from 'drizzle-orm'
import { sql } from 'drizzle-orm'
import type { Db } from '#server/database/realms.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import { inMaintenance, tenantInactive } from '#server/domain/sessions/refusals.ts'
import type { ApiError } from '#shared/errors.ts'
import { notFound } from '#shared/errors.ts'
import type { TenantStatus } from '#shared/tenant-statuses.ts'

/** The standing of a tenant for its callers: only an `active` one is open. */
export type TenantStanding = TenantStatus | 'maintenance' | 'gone'

/** Of a row of tenants, or of a join's alias. */
export function standingOf({
  status,
  maintenance_since,
}: {
  status: TenantStatus
  maintenance_since: Date | null
}): TenantStanding {
  return maintenance_since === null ? status : 'maintenance'
}

/** The same in a prepared query of any realm; its placeholder `tenant` gets the value of `tenantOf`. */
export const standingNow = standingBy(sql.placeholder('tenant'))

/** The same in any other query of the realm. */
export function standingIn(authRealm: AuthRealm): SQL<TenantStanding> {
  return standingBy(tenantOf(authRealm))
}

/** @returns the tenant's id, or null for the platform's own realm */
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
 * Reads the database, because a process's cache of a host may be old. For routes that anyone may call and that let the
 * caller in.
 * @throws ApiError 403, 404 or 503 if the tenant is not open
 */
export async function requireOpenTenant(db: Db, authRealm: AuthRealm): Promise<void> {
  const rows = await db.select({ standing: standingIn(authRealm) }).from(sql`(values (1)) as one`)
  const closed = closedAnswer(rows[0]!.standing)
  if (closed) throw closed
}

/** @returns the answer to every request on the host of a tenant that is not open */
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
