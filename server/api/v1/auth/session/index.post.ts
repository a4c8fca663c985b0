import { signIn } from '#server/domain/sessions/sign-in.ts'
import { presentUser } from '#server/domain/users/present.ts'
import { endCookieSession } from '#server/http/cookie-session.ts'
import { readSessionCookies, setSessionCookies } from '#server/http/cookies.ts'
import { defineRealmRoute } from '#server/http/route.ts'
import { signedInAnswer } from '#shared/answers/sessions.ts'
import { credentialsSchema } from '#shared/schemas/sessions.ts'

/**
 * Sets two cookies, which scripts cannot read. The session of the cookies that they replace ends. If the user has a
 * second factor and this browser is not remembered, a right password is answered with 401 `second_factor_required` and
 * a challenge for `session/second-factor/`.
 */
export default defineRealmRoute(
  { summary: 'Sign in with cookies', access: 'public', body: credentialsSchema, answer: signedInAnswer },
  async ({ app, authRealm, body, audit, userAgent, event }) => {
    const { device } = readSessionCookies(event, app.config)
    const { user, ...pair } = await signIn(app, authRealm, { ...body, device }, audit, userAgent)
    await endCookieSession(event, app, authRealm, audit, 'replaced')
    setSessionCookies(event, app.config, pair)
    return { user: presentUser(authRealm, user) }
  },
)
