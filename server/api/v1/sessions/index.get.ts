import { listQuery } from '#server/domain/lib/list-query.ts'
import { listSessions } from '#server/domain/sessions/list.ts'
import { readPage } from '#server/http/list.ts'
import { defineRealmRoute } from '#server/http/route.ts'
import { sessionOwnerQuery, sessionOwner } from '#server/http/session-owner.ts'
import { page } from '#shared/answers/fields.ts'
import { sessionAnswer } from '#shared/answers/sessions.ts'
import { canManageSessions } from '#shared/permissions.ts'

/** The caller's live sessions, newest first; an Admin can also see a user's, by `?user=`. */
export default defineRealmRoute(
  {
    summary: 'List sessions',
    access: 'signed-in',
    enrolment: true,
    query: listQuery([], ['ip', 'user_agent']).extend(sessionOwnerQuery.shape),
    answer: page(sessionAnswer),
  },
  async ({ authRealm, principal, query, event }) => {
    const owner = sessionOwner(principal.user, query.user, canManageSessions)
    const { results, ...rest } = await readPage(event, query, window =>
      listSessions(authRealm.realm, owner, query.search, window),
    )
    return { ...rest, results: results.map(row => ({ ...row, current: row.id === principal.session.id })) }
  },
)
