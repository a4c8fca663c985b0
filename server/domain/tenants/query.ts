import type { SQL } from 'drizzle-orm'
import { and, eq, sql } from 'drizzle-orm'
import type { z } from 'zod'
import type { PlatformRealm } from '#server/database/realms.ts'
import { listQuery } from '#server/domain/lib/list-query.ts'
import { matchesFolded } from '#server/domain/lib/search.ts'
import { choice } from '#shared/schemas/fields.ts'
import { tenantStatuses } from '#shared/tenant-statuses.ts'

export const tenantSearches = ['name', 'subdomain', 'tenant_id', 'business_email'] as const

/** The filters of the tenants, for the page and the file. */
export const tenantsQuery = listQuery(
  ['name', 'subdomain', 'created', 'updated', 'status'],
  tenantSearches,
  '-created',
).extend({
  status: choice(tenantStatuses).optional(),
})

export function tenantsFilter(
  { tenants }: PlatformRealm['tables'],
  query: Pick<z.output<typeof tenantsQuery>, 'search' | 'status'>,
): SQL | undefined {
  return and(
    query.status ? eq(tenants.status, query.status) : undefined,
    matchesFolded(query.search, [
      sql`lower(${tenants.name})`,
      tenants.subdomain,
      sql`lower(${tenants.tenant_id})`,
      tenants.business_email,
    ]),
  )
}
