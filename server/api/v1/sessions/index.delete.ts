import { canManageSessions } from '../../../../shared/permissions.ts'
import { endSessions } from '../../../domain/sessions.ts'
import { sessionOwnerQuery, sessionOwner } from '../../../http/session-owner.ts'
import { defineRealmRoute } from '../../../http/route.ts'

/** Ends all of one's sessions but the one that asks; an Admin ends all of a user's, by `?user=`. */
export default defineRealmRoute({ access: 'signed-in', query: sessionOwnerQuery, status: 204 }, async ({ authRealm, principal, query, origin }) => {
  const owner = sessionOwner(principal.user, query.user, canManageSessions)
  await endSessions(authRealm, origin, owner, 'revoked', { except: principal.session.id })
})
