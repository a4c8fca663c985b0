import { canManageArchives } from '../../../../../shared/permissions.ts'
import { cloneSchema } from '../../../../../shared/schemas/archive.ts'
import { requestClone } from '../../../../domain/archives/requests.ts'
import { presentQueued } from '../../../../http/operations.ts'
import { definePlatformRoute } from '../../../../http/route.ts'

export default definePlatformRoute({ access: canManageArchives, status: 202, body: cloneSchema }, async ({ app, params, body, origin }) =>
  presentQueued(app, await requestClone(app, params.id!, { ...body, by_mail: !body.keep_admin }, origin)))
