import { rotateSession } from '#server/domain/sessions/rotate.ts'
import { readSessionCookies, setSessionCookies } from '#server/http/cookies.ts'
import { defineRealmRoute } from '#server/http/route.ts'
import { renewedAnswer } from '#shared/answers/sessions.ts'
import { notAuthenticated } from '#shared/errors.ts'

/** Never clears a cookie: the loser of a race would sign the winner out. */
export default defineRealmRoute(
  { summary: 'Renew the cookies', access: 'public', answer: renewedAnswer },
  async ({ app, authRealm, audit, event }) => {
    const { refresh } = readSessionCookies(event, app.config)
    if (!refresh) throw notAuthenticated()
    const pair = await rotateSession(app, authRealm, refresh, audit)
    setSessionCookies(event, app.config, pair)
    return { expires_at: pair.access.expires_at }
  },
)
