import { listOperations, operationsQuery } from '#server/domain/operations/list.ts'
import { readPage } from '#server/http/list.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { page } from '#shared/answers/fields.ts'
import { operationAnswer } from '#shared/answers/operations.ts'
import { canReadTenants } from '#shared/permissions.ts'

/** Operations, newest first by default. */
export default definePlatformRoute(
  { summary: 'List operations', access: canReadTenants, query: operationsQuery, answer: page(operationAnswer) },
  ({ authRealm, query, event }) => readPage(event, query, window => listOperations(authRealm.realm, query, window)),
)
