import { deleteDepartment } from '#server/domain/departments/departments.ts'
import { defineTenantRoute } from '#server/http/route.ts'
import { canManageDepartments } from '#shared/permissions.ts'

/** 409 `in_use` while people belong to it. */
export default defineTenantRoute(
  { summary: 'Delete a department', access: canManageDepartments, support: true, status: 204 },
  ({ authRealm, params, audit }) => deleteDepartment(authRealm.realm, params.id!, audit),
)
