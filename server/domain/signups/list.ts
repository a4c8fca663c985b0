import { and } from 'drizzle-orm'
import type { z } from 'zod'
import type { PlatformRealm } from '#server/database/realms.ts'
import { listQuery, orderBy } from '#server/domain/lib/list-query.ts'
import { matchesSearch } from '#server/domain/lib/search.ts'
import type { Window } from '#server/domain/lib/window.ts'
import { readWindow } from '#server/domain/lib/window.ts'
import { choice } from '#shared/schemas/fields.ts'
import { presentSignup } from './present.ts'
import { signupColumns } from './signups.ts'
import { isInState, signupStates } from './state.ts'

export const signupsQuery = listQuery(
  ['created', 'confirmed_at', 'name', 'subdomain'],
  ['name', 'subdomain', 'email'],
  '-created',
).extend({
  state: choice(signupStates).optional(),
})

/** The sign-ups as the API shows them. */
export async function listSignups(
  { db, tables: { signups } }: PlatformRealm,
  query: z.output<typeof signupsQuery>,
  window: Window,
) {
  const where = and(
    matchesSearch(query.search, [signups.name, signups.subdomain, signups.email]),
    query.state && isInState(signups, query.state),
  )
  const columns = signupColumns(signups)
  const { count, rows } = await readWindow(
    db.$count(signups, where),
    db
      .select(columns)
      .from(signups)
      .where(where)
      .orderBy(...orderBy(query.ordering, columns, signups.id)),
    window,
  )
  return { count, rows: rows.map(presentSignup) }
}
