import { signIn } from '#server/domain/sessions/sign-in.ts'
import { defineRealmRoute } from '#server/http/route.ts'
import { tokensAnswer } from '#shared/answers/sessions.ts'
import { credentialsSchema } from '#shared/schemas/sessions.ts'

/**
 * Wrong credentials are 401 with the same answer in the same time, whatever was wrong. If the user has a second factor,
 * right ones are 401 `second_factor_required`, with a challenge for `jwt/second-factor/`.
 */
export default defineRealmRoute(
  { summary: 'Sign in with tokens', access: 'public', body: credentialsSchema, answer: tokensAnswer },
  async ({ app, authRealm, body, audit, userAgent }) => {
    const { access, refresh } = await signIn(app, authRealm, body, audit, userAgent)
    return { refresh: refresh.token, access: access.token }
  },
)
