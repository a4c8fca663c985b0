import type { SQL } from 'drizzle-orm'
import { and, eq, sql } from 'drizzle-orm'
import type { z } from 'zod'
import type { Realm, TenantRealm } from '#server/database/realms.ts'
import { orderBy } from '#server/domain/lib/list-query.ts'
import type { Window, WindowRows } from '#server/domain/lib/window.ts'
import { readWindow } from '#server/domain/lib/window.ts'
import type { directoryQuery } from './query.ts'
import { directoryFilter, matchesUsers } from './query.ts'
import { directoryColumns } from './export.ts'
import type { DirectoryRow } from './present.ts'
import type { UserRow } from './users.ts'
import { userColumns } from './users.ts'

/** People of the directory. @param asAdmin as for `directoryFilter` */
export async function listPeople(
  realm: TenantRealm,
  query: z.output<typeof directoryQuery>,
  asAdmin: boolean,
  { limit, offset }: Window,
): Promise<WindowRows<DirectoryRow>> {
  const { users, departments } = realm.tables
  const where = directoryFilter(realm, query, asAdmin)
  const rows = await realm.db
    .select({ count: countOf(users, query.search, where), ...directoryColumns(users, departments) })
    .from(users)
    .leftJoin(departments, eq(departments.id, users.department))
    .where(where)
    .orderBy(...orderBy(query.ordering, orderings(realm.tables), users.id))
    .limit(limit)
    .offset(offset)
  return { count: rows[0]?.count ?? 0, rows }
}

// A search reads all matches anyway, and counts them on its way. Without one, the index on the name returns a page
// early.
function countOf(users: TenantRealm['tables']['users'], search: string, where: SQL | undefined): SQL<number> {
  return search
    ? sql<number>`(count(*) over ())::int`
    : sql<number>`(select count(*)::int from ${users} where ${where ?? sql`true`})`
}

function orderings({ users, departments }: TenantRealm['tables']) {
  return {
    last_name: [users.last_name, users.first_name],
    first_name: users.first_name,
    email: users.email,
    date_joined: users.date_joined,
    department: departments.name,
  }
}

/** All users of a realm. @param only the one whom the caller may see, where it is not all */
export function listUsers(
  realm: Realm,
  search: string,
  only: string | undefined,
  window: Window,
): Promise<WindowRows<UserRow>> {
  const { users } = realm.tables
  const where = and(only === undefined ? undefined : eq(users.id, only), matchesName(realm, search))
  return readWindow(
    realm.db.$count(users, where),
    realm.db.select(userColumns(users)).from(users).where(where).orderBy(users.id),
    window,
  )
}

/** The active users of a tenant, by name, as operators see them. */
export function listActiveUsers(realm: Realm, search: string, window: Window) {
  const { users } = realm.tables
  const { id, email, first_name, last_name, role } = users
  const where = and(eq(users.is_active, true), matchesName(realm, search))
  return readWindow(
    realm.db.$count(users, where),
    realm.db
      .select({ id, email, first_name, last_name, role })
      .from(users)
      .where(where)
      .orderBy(last_name, first_name, id),
    window,
  )
}

function matchesName({ schema, tables: { users } }: Realm, search: string): SQL | undefined {
  return matchesUsers(schema, search, [sql`${users.search}`])
}
