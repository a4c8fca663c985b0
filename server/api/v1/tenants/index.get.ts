import { listTenants } from '#server/domain/tenants/list.ts'
import { tenantsQuery } from '#server/domain/tenants/query.ts'
import { readPage } from '#server/http/list.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { page } from '#shared/answers/fields.ts'
import { listedTenantAnswer } from '#shared/answers/tenants.ts'
import { canReadTenants } from '#shared/permissions.ts'

/** The search is over names, subdomains, public ids and business addresses. `size` is in bytes. */
export default definePlatformRoute(
  { summary: 'List organisations', access: canReadTenants, query: tenantsQuery, answer: page(listedTenantAnswer) },
  ({ app, query, event }) => readPage(event, query, window => listTenants(app, query, window)),
)
