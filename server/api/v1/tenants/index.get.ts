import { canManageTenants } from '../../../../shared/permissions.ts'
import { tenantColumns } from '../../../domain/tenants.ts'
import { listQuery, matchesSearch, orderBy, toPage, windowOf } from '../../../http/list.ts'
import { presentTenant } from '../../../http/present.ts'
import { definePlatformRoute } from '../../../http/route.ts'

const orderings = ['name', 'subdomain', 'created', 'updated', 'status'] as const

export default definePlatformRoute({ access: canManageTenants, query: listQuery(orderings) }, async ({ app, authRealm, query, event }) => {
  const { db, tables: { tenants } } = authRealm.realm
  const where = matchesSearch(query.search, [tenants.name, tenants.subdomain, tenants.tenant_id, tenants.business_email])
  const ordering = orderBy(query.ordering.length > 0 ? query.ordering : ['-created'], tenantColumns(tenants), tenants.id)
  const window = windowOf(query)
  const [count, rows] = await Promise.all([
    db.$count(tenants, where),
    db.select(tenantColumns(tenants)).from(tenants).where(where).orderBy(...ordering).limit(window.limit).offset(window.offset),
  ])
  return toPage(event, window, count, rows.map(row => presentTenant(row, app.config.originOf(`${row.subdomain}.${app.config.baseDomain}`))))
})
