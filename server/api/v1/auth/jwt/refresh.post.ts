import { refreshSchema } from '../../../../../shared/schemas/session.ts'
import { rotateSession } from '../../../../domain/sessions.ts'
import { defineRealmRoute } from '../../../../http/route.ts'

export default defineRealmRoute({ access: 'public', body: refreshSchema }, async ({ app, authRealm, body, origin }) => {
  const { access, refresh } = await rotateSession(app, authRealm, body.refresh, origin)
  return { access: access.token, refresh: refresh.token }
})
