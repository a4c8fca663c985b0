import { requestRotations } from '#server/domain/keys/rotate-all.ts'
import { presentQueued } from '#server/http/operations.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { canManageTenants } from '#shared/permissions.ts'

/** Gives everyone a new key, the console too; the operation says how far it is. */
export default definePlatformRoute({ access: canManageTenants, status: 202 }, async ({ app, origin }) =>
  presentQueued(app, await requestRotations(app, origin)),
)
