import { setResponseHeader } from 'h3'
import { endSession } from '#server/domain/sessions/end.ts'
import { requirePrincipal } from '#server/domain/sessions/principal.ts'
import { endCookieSession, isDone } from '#server/http/cookie-session.ts'
import { clearSessionCookies, readSessionCookies } from '#server/http/cookies.ts'
import { defineRealmRoute } from '#server/http/route.ts'

/** Signs out. Works with either cookie; without a valid one there is nothing to end. */
export default defineRealmRoute(
  { summary: 'Sign out', access: 'public', status: 204 },
  async ({ app, authRealm, audit, event }) => {
    const { access } = readSessionCookies(event, app.config)
    if (!(await endCookieSession(event, app, authRealm, audit, 'logout')) && access) {
      await isDone(async () => {
        const { user, session } = await requirePrincipal(app, authRealm, access, audit)
        await endSession(authRealm, { ...audit, actor: user.id }, user.id, 'logout', session.id)
      })
    }
    clearSessionCookies(event, app.config)
    setResponseHeader(event, 'clear-site-data', '"cache"')
  },
)
