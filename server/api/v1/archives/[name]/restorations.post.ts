import { canManageArchives } from '../../../../../shared/permissions.ts'
import { newFromArchiveSchema } from '../../../../../shared/schemas/archive.ts'
import { requestNewFromArchive } from '../../../../domain/archives/requests.ts'
import { presentQueued } from '../../../../http/operations.ts'
import { definePlatformRoute } from '../../../../http/route.ts'

/** An organisation of its own, with what the archive has. */
export default definePlatformRoute({ access: canManageArchives, status: 202, body: newFromArchiveSchema }, async ({ app, params, body, origin }) =>
  presentQueued(app, await requestNewFromArchive(app, { archive: params.name!, ...body }, origin)))
