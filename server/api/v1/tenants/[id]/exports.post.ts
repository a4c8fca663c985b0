import { canManageArchives } from '../../../../../shared/permissions.ts'
import { requestExport } from '../../../../domain/archives/requests.ts'
import { requireOperation } from '../../../../domain/operations.ts'
import { presentOperation } from '../../../../http/present.ts'
import { definePlatformRoute } from '../../../../http/route.ts'

export default definePlatformRoute({ access: canManageArchives, status: 202 }, async ({ app, params, origin }) =>
  presentOperation(await requireOperation(app, await requestExport(app, params.id!, origin))))
