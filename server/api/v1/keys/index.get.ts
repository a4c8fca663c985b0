import { listTenantKeys, tenantKeysQuery } from '#server/domain/keys/list.ts'
import { readPage } from '#server/http/list.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { page } from '#shared/answers/fields.ts'
import { tenantKeysAnswer } from '#shared/answers/keys.ts'
import { canReadTenants } from '#shared/permissions.ts'

/** The state of each tenant's signing keys. */
export default definePlatformRoute(
  {
    summary: 'List the signing keys of all organisations',
    access: canReadTenants,
    query: tenantKeysQuery,
    answer: page(tenantKeysAnswer),
  },
  ({ app, query, event }) => readPage(event, query, window => listTenantKeys(app, query, window)),
)
