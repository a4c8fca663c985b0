import { canReadTenants } from '../../../../../../shared/permissions.ts'
import { listDomains } from '../../../../../domain/domains.ts'
import { requireTenant } from '../../../../../domain/tenants.ts'
import { presentDomain } from '../../../../../http/present.ts'
import { listQuery, pageOf, searchRows } from '../../../../../http/list.ts'
import { definePlatformRoute } from '../../../../../http/route.ts'

export default definePlatformRoute({ access: canReadTenants, query: listQuery([], ['host']) }, async ({ app, params, query, event }) => {
  const { id } = await requireTenant(app, { id: params.id! })
  const domains = searchRows(query.search, await listDomains(app, id), ({ host }) => [host])
  return pageOf(event, query, domains.map(presentDomain))
})
