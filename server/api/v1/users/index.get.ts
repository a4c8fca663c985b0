import { eq, sql } from 'drizzle-orm'
import { orderBy } from '#server/domain/lib/list-query.ts'
import { directoryFilter, directoryQuery } from '#server/domain/users/directory-query.ts'
import { personColumns } from '#server/domain/users/directory.ts'
import { presentPerson } from '#server/domain/users/present.ts'
import { toPage, windowOf } from '#server/http/list.ts'
import { defineTenantRoute } from '#server/http/route.ts'
import { page } from '#shared/answers/fields.ts'
import { personAnswer } from '#shared/answers/users.ts'
import { canManageUsers } from '#shared/permissions.ts'

/** The directory: Staff see active users, an Admin everyone and every field. */
export default defineTenantRoute(
  { access: 'signed-in', query: directoryQuery, answer: page(personAnswer) },
  async ({ authRealm, principal, query, event }) => {
    const { db, tables } = authRealm.realm
    const { users, departments } = tables
    const asAdmin = canManageUsers(principal.user)
    const where = directoryFilter(authRealm.realm, query, asAdmin)
    const name = [users.last_name, users.first_name]
    const columns = {
      last_name: name,
      first_name: users.first_name,
      email: users.email,
      date_joined: users.date_joined,
      department: departments.name,
    }
    const ordering = orderBy(query.ordering, columns, users.id)
    const window = windowOf(query)
    // A search reads all matches anyway, and counts them on its way. Without one, the index on the name returns a
    // page early.
    const count = query.search
      ? sql<number>`(count(*) over ())::int`
      : sql<number>`(select count(*)::int from ${users} where ${where ?? sql`true`})`
    const rows = await db
      .select({ count, ...personColumns(users, departments) })
      .from(users)
      .leftJoin(departments, eq(departments.id, users.department))
      .where(where)
      .orderBy(...ordering)
      .limit(window.limit)
      .offset(window.offset)
    return toPage(
      event,
      window,
      rows[0]?.count ?? 0,
      rows.map(row => presentPerson(row, asAdmin)),
    )
  },
)
