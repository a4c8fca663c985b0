import { answerChallenge } from '#server/domain/factors/second-step.ts'
import { presentUser } from '#server/domain/users/present.ts'
import { endCookieSession } from '#server/http/cookie-session.ts'
import { setDeviceCookie, setSessionCookies } from '#server/http/cookies.ts'
import { defineRealmRoute } from '#server/http/route.ts'
import { signedInAnswer } from '#shared/answers/sessions.ts'
import { rememberedSecondFactorSchema } from '#shared/schemas/factors.ts'

/**
 * Answers the challenge that `session/` gave. With `remember_device`, this browser needs no second factor for 30 days.
 */
export default defineRealmRoute(
  {
    summary: 'Sign in with cookies: second step',
    access: 'public',
    body: rememberedSecondFactorSchema,
    answer: signedInAnswer,
  },
  async ({ app, authRealm, body, audit, userAgent, event }) => {
    const client = { audit, userAgent }
    const { user, device, ...pair } = await answerChallenge(app, authRealm, body, event.context.own_origin!, client)
    await endCookieSession(event, app, authRealm, audit, 'replaced')
    setSessionCookies(event, app.config, pair)
    if (device) setDeviceCookie(event, app.config, device)
    return { user: presentUser(authRealm, user) }
  },
)
