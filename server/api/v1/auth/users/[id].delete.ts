import { deleteUser } from '#server/domain/users/delete.ts'
import { requireCurrentPassword } from '#server/domain/users/passwords.ts'
import { requireVisibleUser } from '#server/domain/users/users.ts'
import { readJson } from '#server/http/body/body.ts'
import { defineRealmRoute } from '#server/http/route.ts'
import { deleteUserSchema } from '#shared/schemas/users.ts'
import { validate } from '#shared/schemas/validate.ts'

/**
 * Deletes a user, or the caller's own account; it takes the caller's password. The last active Admin must remain: 409
 * `last_admin`.
 */
export default defineRealmRoute(
  {
    summary: 'Delete a user',
    access: 'signed-in',
    reauthentication: 'console',
    accepts: [deleteUserSchema],
    status: 204,
  },
  async ({ app, authRealm, principal, params, audit, event }) => {
    await requireVisibleUser(authRealm, principal.user, params.id!)
    const { current_password } = validate(deleteUserSchema, readJson(event))
    await requireCurrentPassword(app, authRealm, principal.user, current_password, audit)
    await deleteUser(app, authRealm, params.id!, audit)
  },
)
