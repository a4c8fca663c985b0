import { and, eq } from 'drizzle-orm'
import { z } from 'zod'
import { canManageUsers } from '../../../../shared/permissions.ts'
import { choice } from '../../../../shared/schemas/fields.ts'
import { personColumns } from '../../../domain/directory.ts'
import { listQuery, matchesSearch, orderBy, toPage, windowOf } from '../../../http/list.ts'
import { presentPerson } from '../../../http/present.ts'
import { defineTenantRoute } from '../../../http/route.ts'

const directoryQuery = listQuery(['last_name', 'first_name', 'email', 'date_joined', 'department']).extend({
  department: z.guid('Enter a valid UUID.').optional(),
  role: choice(['Admin', 'Staff']).optional(),
  is_active: choice(['true', 'false']).optional(),
})

/** The directory: Staff see active people, an Admin everyone and every field. */
export default defineTenantRoute({ access: 'signed-in', query: directoryQuery }, async ({ authRealm, principal, query, event }) => {
  const { db, tables: { users, departments } } = authRealm.realm
  const asAdmin = canManageUsers(principal.user)
  const where = and(
    asAdmin ? query.is_active && eq(users.is_active, query.is_active === 'true') : eq(users.is_active, true),
    query.department ? eq(users.department, query.department) : undefined,
    query.role ? eq(users.role, query.role) : undefined,
    matchesSearch(query.search, [users.first_name, users.last_name, users.email, ...asAdmin ? [users.employee_id] : []]),
  )
  const name = [users.last_name, users.first_name]
  const columns = { last_name: name, first_name: users.first_name, email: users.email, date_joined: users.date_joined, department: departments.name }
  const ordering = orderBy(query.ordering.length > 0 ? query.ordering : ['last_name'], columns, users.id)
  const window = windowOf(query)
  const [count, rows] = await Promise.all([
    db.$count(users, where),
    db.select(personColumns(users, departments)).from(users).leftJoin(departments, eq(departments.id, users.department))
      .where(where).orderBy(...ordering).limit(window.limit).offset(window.offset),
  ])
  return toPage(event, window, count, rows.map(row => presentPerson(row, asAdmin)))
})
