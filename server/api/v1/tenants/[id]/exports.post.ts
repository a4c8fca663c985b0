import { requestExport } from '#server/domain/archives/requests.ts'
import { presentQueued } from '#server/http/operations.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { canManageArchives } from '#shared/permissions.ts'

export default definePlatformRoute({ access: canManageArchives, status: 202 }, async ({ app, params, audit }) =>
  presentQueued(app, await requestExport(app, params.id!, audit)),
)
