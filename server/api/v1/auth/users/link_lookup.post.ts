import { requireLink } from '#server/domain/sessions/one-time-links.ts'
import { defineRealmRoute } from '#server/http/route.ts'
import { linkLookupSchema } from '#shared/schemas/users.ts'

/** Says whether a mailed link still works, and does not use it up. */
export default defineRealmRoute(
  { summary: 'Check a mailed link', access: 'public', body: linkLookupSchema, status: 204 },
  async ({ app, authRealm, body, audit }) => {
    const { purpose, ...link } = body
    await requireLink(app, authRealm, purpose, link, audit)
  },
)
