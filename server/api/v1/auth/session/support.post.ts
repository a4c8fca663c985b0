import { supportTokenSchema } from '../../../../../shared/schemas/support.ts'
import { openSupportSession } from '../../../../domain/support-access.ts'
import { setSessionCookies } from '../../../../http/cookies.ts'
import { defineTenantRoute } from '../../../../http/route.ts'

/** An operator signs in as a user, by the link that the console gave; reading the link uses nothing up. */
export default defineTenantRoute({ access: 'public', body: supportTokenSchema }, async ({ app, authRealm, body, origin, userAgent, event }) => {
  const pair = await openSupportSession(app, authRealm, body.token, origin, userAgent)
  setSessionCookies(event, app.config, pair)
  return { expires_at: pair.access.expires_at }
})
