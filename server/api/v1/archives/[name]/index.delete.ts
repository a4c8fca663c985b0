import { canManageArchives } from '../../../../../shared/permissions.ts'
import { removeArchive } from '../../../../domain/archives/store.ts'
import { definePlatformRoute } from '../../../../http/route.ts'

export default definePlatformRoute({ access: canManageArchives, status: 204 }, ({ app, params, origin }) =>
  removeArchive(app, params.name!, origin))
