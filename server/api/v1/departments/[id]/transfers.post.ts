import { transferUsers } from '#server/domain/departments/departments.ts'
import { defineTenantRoute } from '#server/http/route.ts'
import { transferAnswer } from '#shared/answers/departments.ts'
import { canManageDepartments } from '#shared/permissions.ts'
import { transferSchema } from '#shared/schemas/departments.ts'

/** Moves everyone in this department to another, for example before it is deleted. */
export default defineTenantRoute(
  {
    summary: 'Move the people of a department',
    access: canManageDepartments,
    turn: 'change',
    support: true,
    body: transferSchema,
    answer: transferAnswer,
  },
  async ({ authRealm, params, body, audit }) => ({
    moved: await transferUsers(authRealm.realm, params.id!, body.department, audit),
  }),
)
