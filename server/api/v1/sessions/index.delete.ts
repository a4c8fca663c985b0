import { endAllSessions } from '#server/domain/sessions/end.ts'
import { defineRealmRoute } from '#server/http/route.ts'
import { sessionOwner, sessionOwnerQuery } from '#server/http/session-owner.ts'
import { canManageSessions } from '#shared/permissions.ts'

/**
 * Ends all of the caller's other sessions; an Admin ends all of a user's, by `?user=`. If those are an operator's,
 * their support sessions end too.
 */
export default defineRealmRoute(
  { summary: 'End all other sessions', access: 'signed-in', enrolment: true, query: sessionOwnerQuery, status: 204 },
  async ({ app, authRealm, principal, query, audit }) => {
    const owner = sessionOwner(principal.user, query.user, canManageSessions)
    await authRealm.realm.transaction(tx =>
      endAllSessions(tx, app, authRealm, owner, 'revoked', audit, principal.session.id),
    )
  },
)
