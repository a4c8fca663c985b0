import { resetPasswordConfirmSchema } from '../../../../../shared/schemas/user.ts'
import { resetPassword } from '../../../../domain/accounts.ts'
import { defineRealmRoute } from '../../../../http/route.ts'

export default defineRealmRoute({ access: 'public', body: resetPasswordConfirmSchema, status: 204 }, ({ app, authRealm, body, origin }) =>
  resetPassword(app, authRealm, body, origin))
