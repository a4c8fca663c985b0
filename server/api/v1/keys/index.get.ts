import { asc } from 'drizzle-orm'
import { summarizeKeys } from '#server/domain/keys/rotation.ts'
import { listQuery } from '#server/domain/lib/list-query.ts'
import { tenantSearches, tenantsFilter } from '#server/domain/tenants/query.ts'
import { toPage, windowOf } from '#server/http/list.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { page } from '#shared/answers/fields.ts'
import { tenantKeysAnswer } from '#shared/answers/keys.ts'
import { canReadTenants } from '#shared/permissions.ts'

/** The state of each tenant's signing keys: two queries, and one for each tenant on the page. */
export default definePlatformRoute(
  { access: canReadTenants, query: listQuery([], tenantSearches), answer: page(tenantKeysAnswer) },
  async ({ app, authRealm, query, event }) => {
    const { db, tables } = authRealm.realm
    const { tenants } = tables
    const where = tenantsFilter(tables, query)
    const window = windowOf(query)
    const { id, name, subdomain, schema } = tenants
    const [count, rows] = await Promise.all([
      db.$count(tenants, where),
      db
        .select({ id, name, subdomain, schema })
        .from(tenants)
        .where(where)
        .orderBy(asc(subdomain))
        .limit(window.limit)
        .offset(window.offset),
    ])
    const results = await Promise.all(
      rows.map(async ({ schema, ...tenant }) => ({
        tenant,
        keys: await summarizeKeys(app, { kind: 'tenant', id: tenant.id, schema }),
      })),
    )
    return toPage(event, window, count, results)
  },
)
