import { createDepartment, presentDepartment } from '#server/domain/departments/departments.ts'
import { defineTenantRoute } from '#server/http/route.ts'
import { departmentAnswer } from '#shared/answers/departments.ts'
import { canManageDepartments } from '#shared/permissions.ts'
import { departmentSchema } from '#shared/schemas/departments.ts'

/** Names are unique without regard to case. */
export default defineTenantRoute(
  {
    summary: 'Create a department',
    access: canManageDepartments,
    idempotency: 'once',
    support: true,
    body: departmentSchema,
    status: 201,
    answer: departmentAnswer,
  },
  async ({ authRealm, body, audit }) => presentDepartment(await createDepartment(authRealm.realm, body.name, audit)),
)
