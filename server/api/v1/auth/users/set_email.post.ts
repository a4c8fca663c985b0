import { requestEmailChange } from '#server/domain/users/account/email-change.ts'
import { requireCurrentPassword } from '#server/domain/users/passwords.ts'
import { defineRealmRoute } from '#server/http/route.ts'
import { setEmailSchema } from '#shared/schemas/users.ts'

/**
 * The address changes when the link in the mail to the new address is used, not before. The old address gets a notice
 * then. 204 also for an address that is taken.
 */
export default defineRealmRoute(
  { summary: 'Request a change of address', access: 'signed-in', body: setEmailSchema, status: 204 },
  async ({ app, authRealm, principal, body, audit }) => {
    await requireCurrentPassword(app, authRealm, principal.user, body.current_password, audit)
    await requestEmailChange(app, authRealm, principal.user.id, body.new_email, audit)
  },
)
