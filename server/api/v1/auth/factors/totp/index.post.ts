import { beginTotp } from '#server/domain/factors/enrol-totp.ts'
import { defineRealmRoute } from '#server/http/route.ts'
import { newTotpAnswer } from '#shared/answers/factors.ts'
import { newTotpSchema } from '#shared/schemas/factors.ts'

/** The app counts as a factor when its first code is confirmed. It replaces one that was not confirmed. */
export default defineRealmRoute(
  {
    summary: 'Begin to add an authenticator app',
    access: 'signed-in',
    enrolment: true,
    reauthentication: true,
    status: 201,
    body: newTotpSchema,
    idempotency: 'once',
    answer: newTotpAnswer,
  },
  ({ app, authRealm, principal, body }) => beginTotp(app, authRealm, principal.user, body.name),
)
