import { and, eq, sql } from 'drizzle-orm'
import { listQuery } from '#server/domain/lib/list-query.ts'
import { matchesPeople } from '#server/domain/users/directory-query.ts'
import { presentUser } from '#server/domain/users/present.ts'
import { userColumns } from '#server/domain/users/users.ts'
import { toPage, windowOf } from '#server/http/list.ts'
import { defineRealmRoute } from '#server/http/route.ts'
import { page } from '#shared/answers/fields.ts'
import { userAnswer } from '#shared/answers/users.ts'
import { canManageUsers } from '#shared/permissions.ts'

/** djoser's list: an Admin sees all users, Staff only themselves. The directory is `users/`. */
export default defineRealmRoute(
  { access: 'signed-in', query: listQuery([], ['first_name', 'last_name', 'email']), answer: page(userAnswer) },
  async ({ authRealm, principal, query, event }) => {
    const {
      schema,
      db,
      tables: { users },
    } = authRealm.realm
    const visible = and(
      canManageUsers(principal.user) ? undefined : eq(users.id, principal.user.id),
      matchesPeople(schema, query.search, [sql`${users.search}`]),
    )
    const window = windowOf(query)
    const [count, rows] = await Promise.all([
      db.$count(users, visible),
      db
        .select(userColumns(users))
        .from(users)
        .where(visible)
        .orderBy(users.id)
        .limit(window.limit)
        .offset(window.offset),
    ])
    return toPage(
      event,
      window,
      count,
      rows.map(row => presentUser(authRealm, row)),
    )
  },
)
