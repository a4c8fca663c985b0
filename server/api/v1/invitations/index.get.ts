import { and, eq, lt, sql } from 'drizzle-orm'
import { invitationColumns, invitationState } from '#server/domain/invitations/invitations.ts'
import { listQuery, orderBy } from '#server/domain/lib/list-query.ts'
import { matchesSearch } from '#server/domain/lib/search.ts'
import { toPage, windowOf } from '#server/http/list.ts'
import { defineTenantRoute } from '#server/http/route.ts'
import { page } from '#shared/answers/fields.ts'
import { invitationAnswer } from '#shared/answers/invitations.ts'
import { canManageInvitations } from '#shared/permissions.ts'
import { nameOf } from '#shared/person-name.ts'
import { choice } from '#shared/schemas/fields.ts'

const query = listQuery(['created', 'email', 'expires_at'], ['email'], '-created').extend({
  state: choice(['open', 'expiring', 'accepted', 'expired', 'revoked']).optional(),
})

// For the filter `expiring`: open, and expires soon.
const soon = sql`now() + interval '2 days'`

/** Invitations with their state, newest first. */
export default defineTenantRoute(
  { access: canManageInvitations, query, answer: page(invitationAnswer) },
  async ({ authRealm, query, event }) => {
    const {
      db,
      tables: { invitations, departments, users },
    } = authRealm.realm
    const where = and(
      matchesSearch(query.search, [invitations.email]),
      query.state && eq(invitationState(invitations), query.state === 'expiring' ? 'open' : query.state),
      query.state === 'expiring' ? lt(invitations.expires_at, soon) : undefined,
    )
    const { created, email, expires_at } = invitations
    const ordering = orderBy(query.ordering, { created, email, expires_at }, invitations.id)
    const window = windowOf(query)
    const [count, rows] = await Promise.all([
      db.$count(invitations, where),
      db
        .select({
          ...invitationColumns(invitations),
          department_name: departments.name,
          inviter: { first_name: users.first_name, last_name: users.last_name, email: users.email },
        })
        .from(invitations)
        .leftJoin(departments, eq(departments.id, invitations.department))
        .leftJoin(users, eq(users.id, invitations.invited_by))
        .where(where)
        .orderBy(...ordering)
        .limit(window.limit)
        .offset(window.offset),
    ])
    return toPage(
      event,
      window,
      count,
      rows.map(({ inviter, ...row }) => ({ ...row, inviter_name: inviter && nameOf(inviter) })),
    )
  },
)
