import { accessesQuery, listAccesses } from '#server/domain/support/list.ts'
import { readPage } from '#server/http/list.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { page } from '#shared/answers/fields.ts'
import { supportAccessAnswer } from '#shared/answers/support.ts'
import { canSupportTenants } from '#shared/permissions.ts'

/** Support accesses: who signed in as whom, why and until when; newest first. */
export default definePlatformRoute(
  {
    summary: 'List support accesses',
    access: canSupportTenants,
    query: accessesQuery,
    answer: page(supportAccessAnswer),
  },
  ({ authRealm, query, event }) => readPage(event, query, window => listAccesses(authRealm.realm, query, window)),
)
