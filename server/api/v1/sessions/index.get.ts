import { and, desc, eq, gt, isNull } from 'drizzle-orm'
import { listQuery } from '#server/domain/lib/list-query.ts'
import { matchesSearch } from '#server/domain/lib/search.ts'
import { supportedBy } from '#server/domain/support/sessions.ts'
import { toPage, windowOf } from '#server/http/list.ts'
import { defineRealmRoute } from '#server/http/route.ts'
import { sessionOwnerQuery, sessionOwner } from '#server/http/session-owner.ts'
import { page } from '#shared/answers/fields.ts'
import { sessionAnswer } from '#shared/answers/sessions.ts'
import { canManageSessions } from '#shared/permissions.ts'

/** The caller's live sessions, newest first; an Admin can also see a user's, by `?user=`. */
export default defineRealmRoute(
  {
    access: 'signed-in',
    query: listQuery([], ['ip', 'user_agent']).extend(sessionOwnerQuery.shape),
    answer: page(sessionAnswer),
  },
  async ({ authRealm, principal, query, event }) => {
    const {
      db,
      tables: { sessions },
    } = authRealm.realm
    const owner = sessionOwner(principal.user, query.user, canManageSessions)
    const where = and(
      eq(sessions.user_id, owner),
      isNull(sessions.revoked_at),
      gt(sessions.expires_at, new Date()),
      matchesSearch(query.search, [sessions.ip, sessions.user_agent]),
    )
    const window = windowOf(query)
    const [count, rows] = await Promise.all([
      db.$count(sessions, where),
      db
        .select({
          id: sessions.id,
          created: sessions.created,
          rotated_at: sessions.rotated_at,
          expires_at: sessions.expires_at,
          ip: sessions.ip,
          user_agent: sessions.user_agent,
          support: supportedBy(authRealm.realm),
        })
        .from(sessions)
        .where(where)
        .orderBy(desc(sessions.rotated_at), sessions.id)
        .limit(window.limit)
        .offset(window.offset),
    ])
    return toPage(
      event,
      window,
      count,
      rows.map(row => ({ ...row, current: row.id === principal.session.id })),
    )
  },
)
