import { and, eq } from 'drizzle-orm'
import { personColumns } from '#server/domain/users/directory.ts'
import { presentPerson } from '#server/domain/users/present.ts'
import { defineTenantRoute } from '#server/http/route.ts'
import { personAnswer } from '#shared/answers/users.ts'
import { notFound } from '#shared/errors.ts'
import { canManageUsers } from '#shared/permissions.ts'

export default defineTenantRoute(
  { access: 'signed-in', answer: personAnswer },
  async ({ authRealm, principal, params }) => {
    const {
      db,
      tables: { users, departments },
    } = authRealm.realm
    const asAdmin = canManageUsers(principal.user)
    const rows = await db
      .select(personColumns(users, departments))
      .from(users)
      .leftJoin(departments, eq(departments.id, users.department))
      .where(and(eq(users.id, params.id!), asAdmin ? undefined : eq(users.is_active, true)))
    if (!rows[0]) throw notFound()
    return presentPerson(rows[0], asAdmin)
  },
)
