import { requestActivation } from '#server/domain/users/account/activation.ts'
import { defineRealmRoute } from '#server/http/route.ts'
import { mailboxSchema } from '#shared/schemas/users.ts'

/** The same answer for every address; a user who can be activated gets a mail. */
export default defineRealmRoute(
  { summary: 'Request another activation mail', access: 'public', body: mailboxSchema, status: 204 },
  ({ app, authRealm, body, audit }) => requestActivation(app, authRealm, body.email, audit),
)
