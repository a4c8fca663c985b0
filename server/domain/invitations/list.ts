import type { SQL } from 'drizzle-orm'
import { and, eq, lt, sql } from 'drizzle-orm'
import type { z } from 'zod'
import type { TenantRealm } from '#server/database/realms.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App } from '#server/domain/context.ts'
import { listQuery, orderBy } from '#server/domain/lib/list-query.ts'
import { matchesSearch } from '#server/domain/lib/search.ts'
import type { Window, WindowRows } from '#server/domain/lib/window.ts'
import { readWindow } from '#server/domain/lib/window.ts'
import { latestDeliveries } from '#server/domain/mail/deliveries.ts'
import type { Delivery } from '#shared/answers/fields.ts'
import { nameOf } from '#shared/people/person-name.ts'
import { choice } from '#shared/schemas/fields.ts'
import type { InvitationRow } from './invitations.ts'
import { invitationColumns, invitationState } from './invitations.ts'

export const invitationsQuery = listQuery(['created', 'email', 'expires_at'], ['email'], '-created').extend({
  state: choice(['open', 'expiring', 'accepted', 'expired', 'revoked']).optional(),
})

type Query = z.output<typeof invitationsQuery>

interface ListedInvitation extends InvitationRow {
  department_name: string | null
  inviter_name: string | null
  delivery: Delivery | null
}

/** Invitations with their state. */
export async function listInvitations(
  app: App,
  { id: tenant, realm: { db, tables } }: AuthRealm<TenantRealm>,
  query: Query,
  window: Window,
): Promise<WindowRows<ListedInvitation>> {
  const { invitations, departments, users } = tables
  const where = filterOf(invitations, query)
  const { created, email, expires_at } = invitations
  const { count, rows } = await readWindow(
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
      .orderBy(...orderBy(query.ordering, { created, email, expires_at }, invitations.id)),
    window,
  )
  const open = rows.filter(({ state }) => state === 'open' || state === 'expired')
  const deliveries = await latestDeliveries(app, tenant, emailsOf(open), ['invitation'])
  return {
    count,
    rows: rows.map(({ inviter, ...row }) => ({
      ...row,
      inviter_name: inviter && nameOf(inviter),
      delivery: (open.some(({ id }) => id === row.id) && deliveries.get(row.email)) || null,
    })),
  }
}

function emailsOf(invitations: { email: string }[]): string[] {
  return invitations.map(({ email }) => email)
}

// For the filter `expiring`: open, and about to expire.
const soon = sql`now() + interval '2 days'`

function filterOf(invitations: TenantRealm['tables']['invitations'], query: Query): SQL | undefined {
  const { state } = query
  return and(
    matchesSearch(query.search, [invitations.email]),
    state && eq(invitationState(invitations), state === 'expiring' ? 'open' : state),
    state === 'expiring' ? lt(invitations.expires_at, soon) : undefined,
  )
}
