import { eq, sql } from 'drizzle-orm'
import type { z } from 'zod'
import type { TenantRealm } from '#server/database/realms.ts'
import { departmentColumns } from './departments.ts'
import { alphabetical, listQuery, orderBy } from '#server/domain/lib/list-query.ts'
import { matchesSearch } from '#server/domain/lib/search.ts'
import type { Window } from '#server/domain/lib/window.ts'
import { readWindow } from '#server/domain/lib/window.ts'

export const departmentsQuery = listQuery(['name', 'created'], ['name'], 'name')

/** Departments, each with its number of active people. */
export function listDepartments(
  { db, tables: { departments, users } }: TenantRealm,
  query: z.output<typeof departmentsQuery>,
  window: Window,
) {
  const { id, name, created } = departments
  const where = matchesSearch(query.search, [name])
  const people = sql<number>`(select count(*)::int from ${users} where ${eq(users.department, id)} and ${users.is_active})`
  return readWindow(
    db.$count(departments, where),
    db
      .select({ ...departmentColumns(departments), people })
      .from(departments)
      .where(where)
      .orderBy(...orderBy(query.ordering, { name: alphabetical(name), created }, id)),
    window,
  )
}
