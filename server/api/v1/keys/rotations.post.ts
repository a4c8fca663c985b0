import { canManageTenants } from '../../../../shared/permissions.ts'
import { requestRotations } from '../../../domain/key-rotations.ts'
import { presentQueued } from '../../../http/operations.ts'
import { definePlatformRoute } from '../../../http/route.ts'

/** Gives everyone a new key, the console too; the operation says how far it is. */
export default definePlatformRoute({ access: canManageTenants, status: 202 }, async ({ app, origin }) =>
  presentQueued(app, await requestRotations(app, origin)))
