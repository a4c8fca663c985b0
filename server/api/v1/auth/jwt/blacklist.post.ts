import { refreshSchema } from '../../../../../shared/schemas/session.ts'
import { blacklistSession } from '../../../../domain/sessions.ts'
import { defineRealmRoute } from '../../../../http/route.ts'

export default defineRealmRoute({ access: 'public', body: refreshSchema }, async ({ app, authRealm, body, origin }) => {
  await blacklistSession(app, authRealm, body.refresh, origin)
  return {}
})
