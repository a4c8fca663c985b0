import { blacklistSession } from '#server/domain/sessions/blacklist.ts'
import { defineRealmRoute } from '#server/http/route.ts'
import { emptyAnswer } from '#shared/answers/fields.ts'
import { refreshSchema } from '#shared/schemas/sessions.ts'

/** 401 for a session that has ended. */
export default defineRealmRoute(
  { summary: 'End a session by its refresh token', access: 'public', body: refreshSchema, answer: emptyAnswer },
  async ({ app, authRealm, body, audit }) => {
    await blacklistSession(app, authRealm, body.refresh, audit)
    return {}
  },
)
