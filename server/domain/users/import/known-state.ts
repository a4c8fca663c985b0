import type { SQL } from 'drizzle-orm'
import { and, asc, eq, inArray, or } from 'drizzle-orm'
import type { Db, TenantRealm } from '#server/database/realms.ts'
import type { KnownState } from './lookups.ts'
import { isAdmin } from './lookups.ts'
import type { ImportRow } from './rows.ts'

/** Reads the users that the rows match, all active Admins, and all departments. @param lock locks the users' rows */
export async function readKnownState(
  db: Db,
  { tables: { users, departments } }: TenantRealm,
  rows: ImportRow[],
  { lock = false } = {},
): Promise<KnownState> {
  // All active Admins are locked in the order that is used everywhere, so that one of them remains.
  const query = db
    .select(knownColumns(users))
    .from(users)
    .where(or(and(eq(users.role, 'Admin'), eq(users.is_active, true)), ...inRows(users, rows)))
    .orderBy(asc(users.id))
  const people = await (lock ? query.for('update') : query)
  return {
    people,
    admins: people.filter(isAdmin).map(({ id }) => id),
    departments: await db.select({ id: departments.id, name: departments.name }).from(departments),
  }
}

type Users = TenantRealm['tables']['users']

function knownColumns({ id, email, first_name, last_name, employee_id, department, role, is_active }: Users) {
  return { id, email, first_name, last_name, employee_id, department, role, is_active }
}

function inRows({ email, employee_id }: Users, rows: ImportRow[]): SQL[] {
  const emails = rows.map(({ cells }) => cells.email)
  const employeeIds = rows.flatMap(({ cells }) => cells.employee_id ?? [])
  return [inArray(email, emails), inArray(employee_id, employeeIds)]
}
