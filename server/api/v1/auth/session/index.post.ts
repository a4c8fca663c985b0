import { credentialsSchema } from '../../../../../shared/schemas/session.ts'
import { signIn } from '../../../../domain/sign-in.ts'
import { setSessionCookies } from '../../../../http/cookies.ts'
import { presentUser } from '../../../../http/present.ts'
import { defineRealmRoute } from '../../../../http/route.ts'

export default defineRealmRoute({ access: 'public', body: credentialsSchema }, async ({ app, authRealm, body, origin, userAgent, event }) => {
  const { user, ...pair } = await signIn(app, authRealm, body, origin, userAgent)
  setSessionCookies(event, app.config, pair)
  return { user: presentUser(authRealm, user) }
})
