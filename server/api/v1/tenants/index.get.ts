import { orderBy } from '#server/domain/lib/list-query.ts'
import { presentTenant } from '#server/domain/tenants/present.ts'
import { tenantsFilter, tenantsQuery } from '#server/domain/tenants/query.ts'
import { tenantColumns } from '#server/domain/tenants/tenants.ts'
import { toPage, windowOf } from '#server/http/list.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { page } from '#shared/answers/fields.ts'
import { tenantAnswer } from '#shared/answers/tenants.ts'
import { canReadTenants } from '#shared/permissions.ts'

export default definePlatformRoute(
  { access: canReadTenants, query: tenantsQuery, answer: page(tenantAnswer) },
  async ({ app, authRealm, query, event }) => {
    const { db, tables } = authRealm.realm
    const { tenants } = tables
    const where = tenantsFilter(tables, query)
    const { name, subdomain, created, updated, status } = tenants
    const ordering = orderBy(query.ordering, { name, subdomain, created, updated, status }, tenants.id)
    const window = windowOf(query)
    const [count, rows] = await Promise.all([
      db.$count(tenants, where),
      db
        .select(tenantColumns(tenants))
        .from(tenants)
        .where(where)
        .orderBy(...ordering)
        .limit(window.limit)
        .offset(window.offset),
    ])
    return toPage(
      event,
      window,
      count,
      rows.map(row => presentTenant(app.config, row)),
    )
  },
)
