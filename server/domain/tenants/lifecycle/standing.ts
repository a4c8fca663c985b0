import type { SQL } from 'drizzle-orm'
import { sql } from 'drizzle-orm'
import type { Db, Realm } from '#server/database/realms.ts'
import { isTenantRealm } from '#server/database/realms.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import { inMaintenance, tenantInactive } from '#server/domain/sessions/refusals.ts'
import type { ApiError } from '#shared/errors.ts'
import { notFound } from '#shared/errors.ts'
import type { StoredStanding, TenantStatus } from '#shared/tenant-statuses.ts'

/** The standing of a tenant for its callers: only an `active` one is open. */
export type TenantStanding = StoredStanding | 'gone'

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

/**
 * The same in a query of the realm, from the copy in its own schema; see server/database/migrations/standing.ts. The
 * platform's own realm is always open.
 */
export function standingIn(realm: Realm): SQL<TenantStanding> {
  return isTenantRealm(realm)
    ? sql<TenantStanding>`coalesce((select s.state from ${realm.tables.standing} s), 'gone')`
    : sql<TenantStanding>`'active'::text`
}

/**
 * Reads the database, because a process's cache of a host may be old. For routes that anyone may call and that let the
 * caller in.
 * @throws ApiError 403, 404 or 503 if the tenant is not open
 */
export async function requireOpenTenant(db: Db, { realm }: AuthRealm): Promise<void> {
  if (!isTenantRealm(realm)) return
  const { standing } = realm.tables
  const rows = await db.select({ state: standing.state }).from(standing)
  const closed = closedAnswer(rows[0]?.state ?? 'gone')
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
