import { signInWithPasskey } from '#server/domain/factors/passkey-sign-in.ts'
import { defineRealmRoute } from '#server/http/route.ts'
import { tokensAnswer } from '#shared/answers/sessions.ts'
import { passkeySchema } from '#shared/schemas/factors.ts'

export default defineRealmRoute(
  { summary: 'Sign in with tokens: a passkey', access: 'public', body: passkeySchema, answer: tokensAnswer },
  async ({ app, authRealm, body, audit, userAgent, event }) => {
    const origin = event.context.own_origin!
    const { access, refresh } = await signInWithPasskey(app, authRealm, body.credential, origin, { audit, userAgent })
    return { refresh: refresh.token, access: access.token }
  },
)
