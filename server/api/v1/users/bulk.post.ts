import { canManageUsers } from '../../../../shared/permissions.ts'
import { bulkSchema } from '../../../../shared/schemas/user.ts'
import { actOnMany } from '../../../domain/people-bulk.ts'
import { defineTenantRoute } from '../../../http/route.ts'

/** Moves, promotes, deactivates, reactivates or mails many people, and says of each what became of it. */
export default defineTenantRoute({ access: canManageUsers, turn: 'change', body: bulkSchema }, async ({ app, authRealm, body, origin }) =>
  ({ results: await actOnMany(app, authRealm, body, origin) }))
