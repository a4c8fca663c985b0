import { beginReauthentication } from '#server/domain/factors/reauthenticate.ts'
import { defineRealmRoute } from '#server/http/route.ts'
import { requestOptionsAnswer } from '#shared/answers/factors.ts'

export default defineRealmRoute(
  {
    summary: 'Begin to confirm with a passkey',
    access: 'signed-in',
    enrolment: true,
    answer: requestOptionsAnswer,
  },
  async ({ app, authRealm, principal }) => ({ ...(await beginReauthentication(app, authRealm, principal)) }),
)
