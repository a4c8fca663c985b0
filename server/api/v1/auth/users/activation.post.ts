import { linkSchema } from '../../../../../shared/schemas/user.ts'
import { activate } from '../../../../domain/accounts.ts'
import { defineRealmRoute } from '../../../../http/route.ts'

export default defineRealmRoute({ access: 'public', body: linkSchema, status: 204 }, ({ app, authRealm, body, origin }) =>
  activate(app, authRealm, body, origin))
