import { mailboxSchema } from '../../../../../shared/schemas/user.ts'
import { requestActivation } from '../../../../domain/accounts.ts'
import { defineRealmRoute } from '../../../../http/route.ts'

/** The same answer for everyone; whoever may be activated gets a mail. */
export default defineRealmRoute({ access: 'public', body: mailboxSchema, status: 204 }, ({ app, authRealm, body, origin }) =>
  requestActivation(app, authRealm, body.email, origin))
