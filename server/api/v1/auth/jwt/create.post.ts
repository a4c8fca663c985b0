import { credentialsSchema } from '../../../../../shared/schemas/session.ts'
import { signIn } from '../../../../domain/sign-in.ts'
import { defineRealmRoute } from '../../../../http/route.ts'

export default defineRealmRoute({ access: 'public', body: credentialsSchema }, async ({ app, authRealm, body, origin, userAgent }) => {
  const { access, refresh } = await signIn(app, authRealm, body, origin, userAgent)
  return { refresh: refresh.token, access: access.token }
})
