import { canManageArchives } from '../../../../../shared/permissions.ts'
import { requestExport } from '../../../../domain/archives/requests.ts'
import { presentQueued } from '../../../../http/operations.ts'
import { definePlatformRoute } from '../../../../http/route.ts'

export default definePlatformRoute({ access: canManageArchives, status: 202 }, async ({ app, params, origin }) =>
  presentQueued(app, await requestExport(app, params.id!, origin)))
