import { and, asc, eq, inArray, or } from 'drizzle-orm'
import type { Db, TenantRealm } from '#server/database/realms.ts'
import type { KnownState } from './plan.ts'
import type { ImportRow } from './rows.ts'

/** Reads the users that the rows match, all active Admins, and all departments. @param lock locks the users' rows */
export async function readKnownState(
  db: Db,
  { tables: { users, departments } }: TenantRealm,
  rows: ImportRow[],
  { lock = false } = {},
): Promise<KnownState> {
  const { id, email, first_name, last_name, employee_id, department, role, is_active } = users
  const ids = rows.flatMap(({ cells }) => cells.employee_id ?? [])
  // All active Admins are locked in the order that is used everywhere, so that one of them remains.
  const query = db
    .select({ id, email, first_name, last_name, employee_id, department, role, is_active })
    .from(users)
    .where(
      or(
        and(eq(role, 'Admin'), eq(is_active, true)),
        inArray(
          email,
          rows.map(({ cells }) => cells.email),
        ),
        inArray(employee_id, ids),
      ),
    )
    .orderBy(asc(id))
  const people = await (lock ? query.for('update') : query)
  return {
    people,
    admins: people.filter(person => person.role === 'Admin' && person.is_active).map(person => person.id),
    departments: await db.select({ id: departments.id, name: departments.name }).from(departments),
  }
}
