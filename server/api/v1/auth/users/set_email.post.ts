import { setEmailSchema } from '../../../../../shared/schemas/user.ts'
import { requestEmailChange } from '../../../../domain/accounts.ts'
import { requireCurrentPassword } from '../../../../domain/user-passwords.ts'
import { defineRealmRoute } from '../../../../http/route.ts'

/** The address changes when the mail that goes to the new one is answered, not before. */
export default defineRealmRoute({ access: 'signed-in', body: setEmailSchema, status: 204 }, async ({ app, authRealm, principal, body, origin }) => {
  await requireCurrentPassword(app, authRealm, principal.user, body.current_password, origin)
  await requestEmailChange(app, authRealm, principal.user.id, body.new_email, origin)
})
