import { answerChallenge } from '#server/domain/factors/second-step.ts'
import { defineRealmRoute } from '#server/http/route.ts'
import { tokensAnswer } from '#shared/answers/sessions.ts'
import { secondFactorSchema } from '#shared/schemas/factors.ts'

/** Answers the challenge that `jwt/create/` gave. It can be answered for five minutes, with five tries, and once. */
export default defineRealmRoute(
  { summary: 'Sign in with tokens: second step', access: 'public', body: secondFactorSchema, answer: tokensAnswer },
  async ({ app, authRealm, body, audit, userAgent, event }) => {
    const client = { audit, userAgent }
    const { access, refresh } = await answerChallenge(app, authRealm, body, event.context.own_origin!, client)
    return { refresh: refresh.token, access: access.token }
  },
)
