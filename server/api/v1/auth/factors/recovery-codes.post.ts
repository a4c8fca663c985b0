import { renewRecoveryCodes } from '#server/domain/factors/factors.ts'
import { defineRealmRoute } from '#server/http/route.ts'
import { recoveryCodesAnswer } from '#shared/answers/factors.ts'

/** The former ones are void. */
export default defineRealmRoute(
  {
    summary: 'Get new recovery codes',
    access: 'signed-in',
    enrolment: true,
    reauthentication: true,
    answer: recoveryCodesAnswer,
  },
  async ({ app, authRealm, principal, audit }) => ({
    recovery_codes: await renewRecoveryCodes(app, authRealm, principal.user, audit),
  }),
)
