import { presentDepartment, requireDepartment } from '#server/domain/departments/departments.ts'
import { defineTenantRoute } from '#server/http/route.ts'
import { departmentAnswer } from '#shared/answers/departments.ts'

export default defineTenantRoute(
  { summary: 'Get a department', access: 'signed-in', answer: departmentAnswer },
  async ({ authRealm, params }) => presentDepartment(await requireDepartment(authRealm.realm, params.id!)),
)
