import { openSupportSession } from '#server/domain/support/open.ts'
import { endCookieSession } from '#server/http/cookie-session.ts'
import { setSessionCookies } from '#server/http/cookies.ts'
import { defineTenantRoute } from '#server/http/route.ts'
import { renewedAnswer } from '#shared/answers/sessions.ts'
import { supportTokenSchema } from '#shared/schemas/support.ts'

/** Signs an operator in as a user, with the link from the console. Reading the link does not use it up. */
export default defineTenantRoute(
  { summary: 'Open a support session', access: 'public', body: supportTokenSchema, answer: renewedAnswer },
  async ({ app, authRealm, body, audit, userAgent, event }) => {
    const pair = await openSupportSession(app, authRealm, body.token, audit, userAgent)
    await endCookieSession(event, app, authRealm, audit, 'replaced')
    setSessionCookies(event, app.config, pair)
    return { expires_at: pair.access.expires_at }
  },
)
