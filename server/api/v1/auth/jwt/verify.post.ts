import { z } from 'zod'
import { isLiveToken } from '#server/domain/sessions/live.ts'
import { defineRealmRoute } from '#server/http/route.ts'
import { emptyAnswer } from '#shared/answers/fields.ts'
import { unauthorized } from '#shared/errors.ts'

// Every bad token gets the same answer, a missing one too, so that nothing is revealed.
const tokenSchema = z.object({ token: z.unknown().optional() })

/** A token of either type. It is 401 if the token is not valid or its session has ended, and never 400. */
export default defineRealmRoute(
  { summary: 'Verify a token', access: 'public', body: tokenSchema, answer: emptyAnswer },
  async ({ app, authRealm, body, audit }) => {
    const live = typeof body.token === 'string' && (await isLiveToken(app, authRealm, body.token, audit))
    if (!live) throw unauthorized({ detail: 'Token is invalid', code: 'token_not_valid' })
    return {}
  },
)
