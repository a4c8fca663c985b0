import { deleteUserSchema } from '../../../../../shared/schemas/user.ts'
import { requireCurrentPassword } from '../../../../domain/user-passwords.ts'
import { deleteUser } from '../../../../domain/users.ts'
import { defineRealmRoute } from '../../../../http/route.ts'

export default defineRealmRoute({ access: 'signed-in', body: deleteUserSchema, status: 204 }, async ({ app, authRealm, principal, body, origin }) => {
  await requireCurrentPassword(app, authRealm, principal.user, body.current_password, origin)
  await deleteUser(app, authRealm, principal.user.id, origin)
})
