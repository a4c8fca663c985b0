import { signInWithPasskey } from '#server/domain/factors/passkey-sign-in.ts'
import { presentUser } from '#server/domain/users/present.ts'
import { endCookieSession } from '#server/http/cookie-session.ts'
import { setSessionCookies } from '#server/http/cookies.ts'
import { defineRealmRoute } from '#server/http/route.ts'
import { signedInAnswer } from '#shared/answers/sessions.ts'
import { passkeySchema } from '#shared/schemas/factors.ts'

/** The passkey must ask for a PIN or a fingerprint: it counts as two factors. */
export default defineRealmRoute(
  { summary: 'Sign in with cookies: a passkey', access: 'public', body: passkeySchema, answer: signedInAnswer },
  async ({ app, authRealm, body, audit, userAgent, event }) => {
    const origin = event.context.own_origin!
    const { user, ...pair } = await signInWithPasskey(app, authRealm, body.credential, origin, { audit, userAgent })
    await endCookieSession(event, app, authRealm, audit, 'replaced')
    setSessionCookies(event, app.config, pair)
    return { user: presentUser(authRealm, user) }
  },
)
