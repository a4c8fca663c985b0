import type { SQL } from 'drizzle-orm'
import { and, gt, sql } from 'drizzle-orm'
import type { TenantRealm } from '#server/database/realms.ts'
import type { DirectoryRow } from './present.ts'
import { userColumns } from './users.ts'

/** A user's columns in the directory, in a query of users. */
export function directoryColumns(tables: TenantRealm['tables']) {
  const { department, ...columns } = userColumns(tables.users)
  return { ...columns, department_id: department, department_name: departmentName(tables) }
}

/** The name of a user's department. A subselect, which PostgreSQL evaluates only for the rows of the page. */
export function departmentName({ users, departments }: TenantRealm['tables']): SQL<string | null> {
  return sql`(select d.name from ${departments} d where d.id = ${users}.department)`
}

/** The columns of the directory as a file, in order; an import takes the first seven. */
export const directoryHeader = [
  'email',
  'first_name',
  'last_name',
  'employee_id',
  'department',
  'role',
  'is_active',
  'date_joined',
  'last_login',
]

// Other requests are served in between.
const batchSize = 100

/**
 * The directory as rows of a file, in the order in which users were added: by id, which never changes, so nobody is
 * missing or occurs twice.
 */
export async function* directoryBatches({ db, tables }: TenantRealm, where: SQL | undefined) {
  const { users } = tables
  let last: string | undefined
  for (;;) {
    const people = await db
      .select(directoryColumns(tables))
      .from(users)
      .where(and(where, last ? gt(users.id, last) : undefined))
      .orderBy(users.id)
      .limit(batchSize)
    if (people.length === 0) return
    yield people.map(directoryRow)
    last = people.at(-1)!.id
  }
}

function directoryRow(person: DirectoryRow) {
  return [
    person.email,
    person.first_name,
    person.last_name,
    person.employee_id,
    person.department_name,
    person.role,
    person.is_active,
    person.date_joined,
    person.last_login,
  ]
}
