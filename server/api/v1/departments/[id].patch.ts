import { presentDepartment, renameDepartment } from '#server/domain/departments/departments.ts'
import { readIfMatch } from '#server/http/route/precondition.ts'
import { defineTenantRoute } from '#server/http/route.ts'
import { departmentAnswer } from '#shared/answers/departments.ts'
import { canManageDepartments } from '#shared/permissions.ts'
import { departmentSchema } from '#shared/schemas/departments.ts'

export default defineTenantRoute(
  {
    summary: 'Rename a department',
    access: canManageDepartments,
    support: true,
    body: departmentSchema,
    answer: departmentAnswer,
  },
  async ({ authRealm, params, body, audit, event }) =>
    presentDepartment(await renameDepartment(authRealm.realm, params.id!, body.name, audit, readIfMatch(event))),
)
