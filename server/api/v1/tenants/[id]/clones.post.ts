import { canManageArchives } from '../../../../../shared/permissions.ts'
import { cloneSchema } from '../../../../../shared/schemas/archive.ts'
import { requestClone } from '../../../../domain/archives/requests.ts'
import { requireOperation } from '../../../../domain/operations.ts'
import { presentOperation } from '../../../../http/present.ts'
import { definePlatformRoute } from '../../../../http/route.ts'

export default definePlatformRoute({ access: canManageArchives, status: 202, body: cloneSchema }, async ({ app, params, body, origin }) =>
  presentOperation(await requireOperation(app, await requestClone(app, params.id!, { ...body, by_mail: !body.keep_admin }, origin))))
