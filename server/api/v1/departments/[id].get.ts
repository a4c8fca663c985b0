import { requireDepartment } from '#server/domain/departments.ts'
import { defineTenantRoute } from '#server/http/route.ts'

export default defineTenantRoute({ access: 'signed-in' }, ({ authRealm, params }) =>
  requireDepartment(authRealm.realm, params.id!),
)
