import type { SQL } from 'drizzle-orm'
import { and, eq, gt } from 'drizzle-orm'
import type { TenantRealm } from '#server/database/realms.ts'
import type { DirectoryRow } from './present.ts'
import { userColumns } from './users.ts'

/** A user's columns in the directory, with the department's name. */
export function directoryColumns(
  users: TenantRealm['tables']['users'],
  departments: TenantRealm['tables']['departments'],
) {
  const { department, ...columns } = userColumns(users)
  return { ...columns, department_id: department, department_name: departments.name }
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
export async function* directoryBatches({ db, tables: { users, departments } }: TenantRealm, where: SQL | undefined) {
  let last: string | undefined
  for (;;) {
    const people = await db
      .select(directoryColumns(users, departments))
      .from(users)
      .leftJoin(departments, eq(departments.id, users.department))
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
