import { and, eq } from 'drizzle-orm'
import { directoryColumns } from '#server/domain/users/export.ts'
import { presentColleague } from '#server/domain/users/present.ts'
import { defineTenantRoute } from '#server/http/route.ts'
import { directoryUserAnswer } from '#shared/answers/users.ts'
import { notFound } from '#shared/errors.ts'
import { canManageUsers } from '#shared/permissions.ts'

export default defineTenantRoute(
  { access: 'signed-in', answer: directoryUserAnswer },
  async ({ authRealm, principal, params }) => {
    const { db, tables } = authRealm.realm
    const { users } = tables
    const asAdmin = canManageUsers(principal.user)
    const rows = await db
      .select(directoryColumns(tables))
      .from(users)
      .where(and(eq(users.id, params.id!), asAdmin ? undefined : eq(users.is_active, true)))
    if (!rows[0]) throw notFound()
    return presentColleague(rows[0], asAdmin)
  },
)
