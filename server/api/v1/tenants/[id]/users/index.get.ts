import { listQuery } from '#server/domain/lib/list-query.ts'
import { tenantRealmOf } from '#server/domain/tenants/origins.ts'
import { requireTenant } from '#server/domain/tenants/tenants.ts'
import { listActiveUsers } from '#server/domain/users/list.ts'
import { readPage } from '#server/http/list.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { page } from '#shared/answers/fields.ts'
import { supportableUserAnswer } from '#shared/answers/support.ts'
import { canSupportTenants } from '#shared/permissions.ts'

/** The users whom an operator may sign in as, for support: active ones, and only the first few matches. */
export default definePlatformRoute(
  {
    summary: 'List the people whom support can sign in as',
    access: canSupportTenants,
    query: listQuery([], ['first_name', 'last_name', 'email']),
    answer: page(supportableUserAnswer),
  },
  async ({ app, params, query, event }) => {
    const { realm } = tenantRealmOf(app, await requireTenant(app, { id: params.id! }))
    return readPage(event, query, window => listActiveUsers(realm, query.search, window))
  },
)
