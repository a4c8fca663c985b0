import { canManageSessions } from '../../../../shared/permissions.ts'
import { endSessions, requireSessionOwner } from '../../../domain/sessions.ts'
import { defineRealmRoute } from '../../../http/route.ts'

export default defineRealmRoute({ access: 'signed-in', status: 204 }, async ({ authRealm, principal, params, origin }) => {
  const owner = await requireSessionOwner(authRealm.realm, params.id!, canManageSessions(principal.user) ? 'anyone' : [principal.user.id])
  await endSessions(authRealm, origin, owner, 'revoked', { only: params.id! })
})
