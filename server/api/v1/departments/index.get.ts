import { eq, sql } from 'drizzle-orm'
import { departmentColumns } from '#server/domain/departments.ts'
import { listQuery, orderBy } from '#server/domain/lib/list-query.ts'
import { matchesSearch } from '#server/domain/lib/search.ts'
import { toPage, windowOf } from '#server/http/list.ts'
import { defineTenantRoute } from '#server/http/route.ts'
import { departmentAnswer } from '#shared/answers/departments.ts'
import { page } from '#shared/answers/fields.ts'

/** Departments, each with its number of active users. */
export default defineTenantRoute(
  { access: 'signed-in', query: listQuery(['name', 'created'], ['name'], 'name'), answer: page(departmentAnswer) },
  async ({ authRealm, query, event }) => {
    const {
      db,
      tables: { departments, users },
    } = authRealm.realm
    const where = matchesSearch(query.search, [departments.name])
    const ordering = orderBy(query.ordering, { name: departments.name, created: departments.created }, departments.id)
    const window = windowOf(query)
    const people = sql<number>`(select count(*)::int from ${users} where ${eq(users.department, departments.id)} and ${users.is_active})`
    const [count, rows] = await Promise.all([
      db.$count(departments, where),
      db
        .select({ ...departmentColumns(departments), people })
        .from(departments)
        .where(where)
        .orderBy(...ordering)
        .limit(window.limit)
        .offset(window.offset),
    ])
    return toPage(event, window, count, rows)
  },
)
