import type { SQL } from 'drizzle-orm'
import { and, eq, sql } from 'drizzle-orm'
import type { z } from 'zod'
import type { Realm, TenantRealm } from '#server/database/realms.ts'
import { alphabetical, orderBy } from '#server/domain/lib/list-query.ts'
import type { Window, WindowRows } from '#server/domain/lib/window.ts'
import { readWindow } from '#server/domain/lib/window.ts'
import { departmentName, directoryColumns } from './export.ts'
import type { directoryQuery, SearchWord } from './query.ts'
import { directoryFilter, matchesUsers, searchWords } from './query.ts'
import type { DirectoryRow } from './present.ts'
import type { UserRow } from './users.ts'
import { userColumns } from './users.ts'

type DirectoryQuery = z.output<typeof directoryQuery>

/** People of the directory. @param asAdmin as for `directoryFilter` */
export async function listPeople(
  realm: TenantRealm,
  query: DirectoryQuery,
  asAdmin: boolean,
  window: Window,
): Promise<WindowRows<DirectoryRow>> {
  const words = searchWords(query.search)
  const make = () => selectPeople(realm, query, asAdmin, words)
  const select = isUsual(query, words) ? realm.prepared(shapeOf(asAdmin, words), make) : make()
  const rows = await select.execute({
    ...window,
    ...Object.fromEntries(words.map(({ value }, i) => [`word${i}`, value])),
  })
  return { count: rows[0]?.count ?? 0, rows }
}

// Queries that differ in filters or order are too many to keep them all.
function isUsual(query: DirectoryQuery, words: SearchWord[]): boolean {
  const { search, page, page_size, ordering, ...filters } = query
  return words.length <= 2 && ordering.join() === 'last_name' && !Object.values(filters).some(Boolean)
}

function shapeOf(asAdmin: boolean, words: SearchWord[]): string {
  return ['people', asAdmin, ...words.map(word => word.isLetter)].join(' ')
}

function selectPeople(realm: TenantRealm, query: DirectoryQuery, asAdmin: boolean, words: SearchWord[]) {
  const { db, tables } = realm
  const { users } = tables
  const held = words.map((word, i) => ({ ...word, value: sql.placeholder(`word${i}`) }))
  const where = directoryFilter(realm, query, asAdmin, held)
  return db
    .select({ count: countOf(users, words.length > 0, where), ...directoryColumns(tables) })
    .from(users)
    .where(where)
    .orderBy(...orderBy(query.ordering, orderings(tables), users.id))
    .limit(sql.placeholder('limit'))
    .offset(sql.placeholder('offset'))
    .prepare('people')
}

// A search reads all matches anyway, and counts them on its way. Without one, the index on the name returns a page
// early.
function countOf(users: TenantRealm['tables']['users'], isSearch: boolean, where: SQL | undefined): SQL<number> {
  return isSearch
    ? sql<number>`(count(*) over ())::int`
    : sql<number>`(select count(*)::int from ${users} where ${where ?? sql`true`})`
}

function orderings(tables: TenantRealm['tables']) {
  const { users } = tables
  const [last_name, first_name] = [alphabetical(users.last_name), alphabetical(users.first_name)]
  return {
    last_name: [last_name, first_name],
    first_name: [first_name, last_name],
    email: users.email,
    date_joined: users.date_joined,
    department: [alphabetical(departmentName(tables)), last_name, first_name],
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
      .orderBy(alphabetical(last_name), alphabetical(first_name), id),
    window,
  )
}

function matchesName({ schema, tables: { users } }: Realm, search: string): SQL | undefined {
  return matchesUsers(schema, searchWords(search), [sql`${users.search}`])
}
