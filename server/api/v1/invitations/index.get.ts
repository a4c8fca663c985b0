import { and, eq } from 'drizzle-orm'
import { canManageInvitations } from '../../../../shared/permissions.ts'
import { choice } from '../../../../shared/schemas/fields.ts'
import { invitationColumns, stateOf } from '../../../domain/invitations.ts'
import { listQuery, matchesSearch, orderBy, toPage, windowOf } from '../../../http/list.ts'
import { defineTenantRoute } from '../../../http/route.ts'

const query = listQuery(['created', 'email', 'expires_at']).extend({ state: choice(['open', 'accepted', 'expired', 'revoked']).optional() })

/** Who was invited and what became of it, newest first. */
export default defineTenantRoute({ access: canManageInvitations, query }, async ({ authRealm, query, event }) => {
  const { db, tables: { invitations } } = authRealm.realm
  const where = and(matchesSearch(query.search, [invitations.email]), query.state && eq(stateOf(invitations), query.state))
  const { created, email, expires_at } = invitations
  const ordering = orderBy(query.ordering.length > 0 ? query.ordering : ['-created'], { created, email, expires_at }, invitations.id)
  const window = windowOf(query)
  const [count, rows] = await Promise.all([
    db.$count(invitations, where),
    db.select(invitationColumns(invitations)).from(invitations).where(where).orderBy(...ordering).limit(window.limit).offset(window.offset),
  ])
  return toPage(event, window, count, rows)
})
