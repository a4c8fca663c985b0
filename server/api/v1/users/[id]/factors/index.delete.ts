import { resetUser } from '#server/domain/factors/reset.ts'
import { defineRealmRoute } from '#server/http/route.ts'
import { canManageUsers } from '#shared/permissions.ts'

/**
 * For a user who has lost them: they sign in with the password alone, until they add new ones. They are told by mail.
 */
export default defineRealmRoute(
  {
    summary: "Remove all of a user's second factors",
    access: canManageUsers,
    reauthentication: true,
    status: 204,
  },
  ({ app, authRealm, params, audit }) => resetUser(app, authRealm, params.id!, audit),
)
