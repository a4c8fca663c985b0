import { canManageArchives } from '../../../../../shared/permissions.ts'
import { restorationSchema } from '../../../../../shared/schemas/archive.ts'
import { requestRestoration } from '../../../../domain/archives/requests.ts'
import { requireOperation } from '../../../../domain/operations.ts'
import { presentOperation } from '../../../../http/present.ts'
import { definePlatformRoute } from '../../../../http/route.ts'

/** An archive in the place of all that the tenant has. */
export default definePlatformRoute({ access: canManageArchives, status: 202, body: restorationSchema }, async ({ app, params, body, origin }) =>
  presentOperation(await requireOperation(app, await requestRestoration(app, params.id!, body, origin))))
