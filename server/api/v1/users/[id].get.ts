import { and, eq } from 'drizzle-orm'
import { latestDeliveries } from '#server/domain/mail/deliveries.ts'
import { directoryColumns } from '#server/domain/users/export.ts'
import { presentColleague } from '#server/domain/users/present.ts'
import { defineTenantRoute } from '#server/http/route.ts'
import { directoryUserAnswer } from '#shared/answers/users.ts'
import { notFound } from '#shared/errors.ts'
import { canManageUsers } from '#shared/permissions.ts'

/** An Admin also sees the `delivery` of the last mail with a link. */
export default defineTenantRoute(
  { summary: 'Get a person', access: 'signed-in', answer: directoryUserAnswer },
  async ({ app, authRealm, principal, params }) => {
    const { db, tables } = authRealm.realm
    const { users } = tables
    const asAdmin = canManageUsers(principal.user)
    const rows = await db
      .select(directoryColumns(tables))
      .from(users)
      .where(and(eq(users.id, params.id!), asAdmin ? undefined : eq(users.is_active, true)))
    if (!rows[0]) throw notFound()
    const person = presentColleague(rows[0], asAdmin)
    if (!asAdmin) return person
    const deliveries = await latestDeliveries(app, authRealm.id, [person.email], ['welcome', 'password_reset'])
    return { ...person, delivery: deliveries.get(person.email) ?? null }
  },
)
