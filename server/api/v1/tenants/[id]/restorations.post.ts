import { canManageArchives } from '../../../../../shared/permissions.ts'
import { restorationSchema } from '../../../../../shared/schemas/archive.ts'
import { requestRestoration } from '../../../../domain/archives/requests.ts'
import { presentQueued } from '../../../../http/operations.ts'
import { definePlatformRoute } from '../../../../http/route.ts'

/** An archive in the place of all that the tenant has. */
export default definePlatformRoute({ access: canManageArchives, status: 202, body: restorationSchema }, async ({ app, params, body, origin }) =>
  presentQueued(app, await requestRestoration(app, params.id!, body, origin)))
