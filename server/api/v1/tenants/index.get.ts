import { canReadTenants } from '../../../../shared/permissions.ts'
import { tenantColumns } from '../../../domain/tenants.ts'
import { orderBy, toPage, windowOf } from '../../../http/list.ts'
import { presentTenant } from '../../../http/present.ts'
import { definePlatformRoute } from '../../../http/route.ts'
import { tenantsFilter, tenantsQuery } from '../../../http/tenants-query.ts'

export default definePlatformRoute({ access: canReadTenants, query: tenantsQuery }, async ({ app, authRealm, query, event }) => {
  const { db, tables } = authRealm.realm
  const { tenants } = tables
  const where = tenantsFilter(tables, query)
  const { name, subdomain, created, updated, status } = tenants
  const ordering = orderBy(query.ordering.length > 0 ? query.ordering : ['-created'], { name, subdomain, created, updated, status }, tenants.id)
  const window = windowOf(query)
  const [count, rows] = await Promise.all([
    db.$count(tenants, where),
    db.select(tenantColumns(tenants)).from(tenants).where(where).orderBy(...ordering).limit(window.limit).offset(window.offset),
  ])
  return toPage(event, window, count, rows.map(row => presentTenant(app.config, row)))
})
