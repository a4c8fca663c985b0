import { rotateSession } from '#server/domain/sessions/rotate.ts'
import { defineRealmRoute } from '#server/http/route.ts'
import { refreshSchema } from '#shared/schemas/session.ts'

export default defineRealmRoute({ access: 'public', body: refreshSchema }, async ({ app, authRealm, body, audit }) => {
  const { access, refresh } = await rotateSession(app, authRealm, body.refresh, audit)
  return { access: access.token, refresh: refresh.token }
})
