import { listQuery } from '#server/domain/lib/list-query.ts'
import { searchRows } from '#server/domain/lib/search.ts'
import { listDomains } from '#server/domain/tenants/domains/domains.ts'
import { presentDomain } from '#server/domain/tenants/present.ts'
import { requireTenant } from '#server/domain/tenants/tenants.ts'
import { pageOf } from '#server/http/list.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { page } from '#shared/answers/fields.ts'
import { domainAnswer } from '#shared/answers/tenants.ts'
import { canReadTenants } from '#shared/permissions.ts'

export default definePlatformRoute(
  {
    summary: 'List the domains of an organisation',
    access: canReadTenants,
    query: listQuery([], ['host']),
    answer: page(domainAnswer),
  },
  async ({ app, params, query, event }) => {
    const { id } = await requireTenant(app, { id: params.id! })
    const domains = searchRows(query.search, await listDomains(app, id), ({ host }) => [host])
    return pageOf(event, query, domains.map(presentDomain))
  },
)
