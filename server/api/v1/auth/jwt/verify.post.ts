import { z } from 'zod'
import { unauthorized } from '../../../../../shared/errors.ts'
import { isLiveToken } from '../../../../domain/sessions.ts'
import { defineRealmRoute } from '../../../../http/route.ts'

// Whatever is not a good token is answered alike, a missing one too: nothing is to be learnt here.
const tokenSchema = z.object({ token: z.unknown().optional() })

export default defineRealmRoute({ access: 'public', body: tokenSchema }, async ({ app, authRealm, body, origin }) => {
  const live = typeof body.token === 'string' && await isLiveToken(app, authRealm, body.token, origin)
  if (!live) throw unauthorized({ detail: 'Token is invalid', code: 'token_not_valid' })
  return {}
})
