import { requestExport } from '#server/domain/archives/requests.ts'
import { presentQueued } from '#server/http/operations.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { operationAnswer } from '#shared/answers/operations.ts'
import { canManageArchives } from '#shared/permissions.ts'

/** The operation's result is `{archive, size}`. */
export default definePlatformRoute(
  {
    summary: 'Archive an organisation',
    access: canManageArchives,
    reauthentication: true,
    idempotency: 'once',
    status: 202,
    answer: operationAnswer,
  },
  async ({ app, params, audit }) => presentQueued(app, await requestExport(app, params.id!, audit)),
)
