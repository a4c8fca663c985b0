import type { SQL } from 'drizzle-orm'
import { and, eq, sql } from 'drizzle-orm'
import { z } from 'zod'
import { choice } from '../../shared/schemas/fields.ts'
import type { TenantRealm } from '../database/realms.ts'
import { listQuery, matchesFolded } from './list.ts'

/** What the directory can be asked for, as a page and as a file. */
export const directoryQuery = listQuery(['last_name', 'first_name', 'email', 'date_joined', 'department']).extend({
  department: z.guid('Enter a valid UUID.').optional(),
  role: choice(['Admin', 'Staff']).optional(),
  is_active: choice(['true', 'false']).optional(),
})

/** @param asAdmin Staff find active people, and nobody by employee_id */
export function directoryFilter({ users }: TenantRealm['tables'], query: z.output<typeof directoryQuery>, asAdmin: boolean): SQL | undefined {
  return and(
    asAdmin ? query.is_active && eq(users.is_active, query.is_active === 'true') : eq(users.is_active, true),
    query.department ? eq(users.department, query.department) : undefined,
    query.role ? eq(users.role, query.role) : undefined,
    matchesFolded(query.search, [users.search, ...asAdmin ? [sql`lower(${users.employee_id})`] : []]),
  )
}
