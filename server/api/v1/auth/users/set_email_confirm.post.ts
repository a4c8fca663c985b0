import { linkSchema } from '../../../../../shared/schemas/user.ts'
import { confirmEmailChange } from '../../../../domain/accounts.ts'
import { defineRealmRoute } from '../../../../http/route.ts'

export default defineRealmRoute({ access: 'public', body: linkSchema, status: 204 }, ({ app, authRealm, body, origin }) =>
  confirmEmailChange(app, authRealm, body, origin))
