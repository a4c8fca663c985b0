import { endSession, requireSessionOwner } from '#server/domain/sessions/end.ts'
import { defineRealmRoute } from '#server/http/route.ts'
import { canManageSessions } from '#shared/permissions.ts'

export default defineRealmRoute(
  { summary: 'End a session', access: 'signed-in', enrolment: true, status: 204 },
  async ({ authRealm, principal, params, audit }) => {
    const owner = await requireSessionOwner(
      authRealm.realm,
      params.id!,
      canManageSessions(principal.user) ? 'anyone' : [principal.user.id],
    )
    await endSession(authRealm, audit, owner, 'revoked', params.id!)
  },
)
