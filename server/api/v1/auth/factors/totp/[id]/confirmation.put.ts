import { confirmTotp } from '#server/domain/factors/enrol-totp.ts'
import { defineRealmRoute } from '#server/http/route.ts'
import { confirmedTotpAnswer } from '#shared/answers/factors.ts'
import { confirmTotpSchema } from '#shared/schemas/factors.ts'

export default defineRealmRoute(
  {
    summary: 'Confirm an authenticator app with a code',
    access: 'signed-in',
    enrolment: true,
    body: confirmTotpSchema,
    answer: confirmedTotpAnswer,
  },
  ({ app, authRealm, principal, params, body, audit }) =>
    confirmTotp(app, authRealm, principal.user, params.id!, body.code, audit),
)
