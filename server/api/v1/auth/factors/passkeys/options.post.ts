import { beginPasskey } from '#server/domain/factors/enrol-passkey.ts'
import { defineRealmRoute } from '#server/http/route.ts'
import { creationOptionsAnswer } from '#shared/answers/factors.ts'

/** What a browser needs to create a passkey, as JSON of WebAuthn. */
export default defineRealmRoute(
  {
    summary: 'Begin to add a passkey',
    access: 'signed-in',
    enrolment: true,
    reauthentication: true,
    answer: creationOptionsAnswer,
  },
  async ({ app, authRealm, principal }) => ({ ...(await beginPasskey(app, authRealm, principal)) }),
)
