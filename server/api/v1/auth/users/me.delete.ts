import { deleteUser } from '#server/domain/users/delete.ts'
import { requireCurrentPassword } from '#server/domain/users/passwords.ts'
import { defineRealmRoute } from '#server/http/route.ts'
import { deleteUserSchema } from '#shared/schemas/users.ts'

/** Takes the caller's password. The last active Admin must remain: 409 `last_admin`. */
export default defineRealmRoute(
  { summary: 'Delete the own account', access: 'signed-in', body: deleteUserSchema, status: 204 },
  async ({ app, authRealm, principal, body, audit }) => {
    await requireCurrentPassword(app, authRealm, principal.user, body.current_password, audit)
    await deleteUser(app, authRealm, principal.user.id, audit)
  },
)
