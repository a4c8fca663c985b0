import { and, eq } from 'drizzle-orm'
import { notFound } from '../../../../shared/errors.ts'
import { canManageUsers } from '../../../../shared/permissions.ts'
import { personColumns } from '../../../domain/directory.ts'
import { presentPerson } from '../../../http/present.ts'
import { defineTenantRoute } from '../../../http/route.ts'

export default defineTenantRoute({ access: 'signed-in' }, async ({ authRealm, principal, params }) => {
  const { db, tables: { users, departments } } = authRealm.realm
  const asAdmin = canManageUsers(principal.user)
  const rows = await db.select(personColumns(users, departments)).from(users)
    .leftJoin(departments, eq(departments.id, users.department))
    .where(and(eq(users.id, params.id!), asAdmin ? undefined : eq(users.is_active, true)))
  if (!rows[0]) throw notFound()
  return presentPerson(rows[0], asAdmin)
})
