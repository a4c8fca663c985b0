import { rotateSession } from '#server/domain/sessions/rotate.ts'
import { defineRealmRoute } from '#server/http/route.ts'
import { tokensAnswer } from '#shared/answers/sessions.ts'
import { refreshSchema } from '#shared/schemas/sessions.ts'

/**
 * Returns a new refresh token, which replaces the old one. For ten seconds the old one is answered with the same
 * successor; after that, using it ends the session.
 */
export default defineRealmRoute(
  { summary: 'Renew tokens', access: 'public', body: refreshSchema, answer: tokensAnswer },
  async ({ app, authRealm, body, audit }) => {
    const { access, refresh } = await rotateSession(app, authRealm, body.refresh, audit)
    return { access: access.token, refresh: refresh.token }
  },
)
