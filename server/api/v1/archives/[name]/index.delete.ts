import { deleteArchive } from '#server/domain/archives/store.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { canManageArchives } from '#shared/permissions.ts'

export default definePlatformRoute(
  { summary: 'Delete an archive', access: canManageArchives, reauthentication: true, status: 204 },
  ({ app, params, audit }) => deleteArchive(app, params.name!, audit),
)
