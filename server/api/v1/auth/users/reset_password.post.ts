import { requestPasswordReset } from '#server/domain/users/account/password-reset.ts'
import { defineRealmRoute } from '#server/http/route.ts'
import { mailboxSchema } from '#shared/schemas/users.ts'

/** The same answer for every address; a user with an account gets a mail. */
export default defineRealmRoute(
  { summary: 'Request a password reset', access: 'public', body: mailboxSchema, status: 204 },
  ({ app, authRealm, body, audit }) => requestPasswordReset(app, authRealm, body.email, audit),
)
