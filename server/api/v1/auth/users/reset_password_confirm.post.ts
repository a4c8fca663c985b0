import { resetPassword } from '#server/domain/users/account/password-reset.ts'
import { defineRealmRoute } from '#server/http/route.ts'
import { resetPasswordConfirmSchema } from '#shared/schemas/users.ts'

/** Ends all sessions, and signs nobody in. */
export default defineRealmRoute(
  { summary: 'Set a password with a link', access: 'public', body: resetPasswordConfirmSchema, status: 204 },
  ({ app, authRealm, body, audit }) => resetPassword(app, authRealm, body, audit),
)
