import { challengedPasskeyOptions, passkeyOptions } from '#server/domain/factors/passkey-sign-in.ts'
import { defineRealmRoute } from '#server/http/route.ts'
import { requestOptionsAnswer } from '#shared/answers/factors.ts'
import { passkeyOptionsSchema } from '#shared/schemas/factors.ts'

/** With the challenge of a sign-in: for its user's passkeys. Without: for any passkey, the same for everyone. */
export default defineRealmRoute(
  {
    summary: 'Begin to sign in with a passkey',
    access: 'public',
    body: passkeyOptionsSchema,
    answer: requestOptionsAnswer,
  },
  async ({ app, authRealm, body: { challenge } }) => {
    const options = challenge
      ? await challengedPasskeyOptions(app, authRealm, challenge)
      : await passkeyOptions(app, authRealm)
    return { ...options }
  },
)
