import { canManageDepartments } from '../../../../shared/permissions.ts'
import { deleteDepartment } from '../../../domain/departments.ts'
import { defineTenantRoute } from '../../../http/route.ts'

export default defineTenantRoute({ access: canManageDepartments, support: true, status: 204 }, ({ authRealm, params, origin }) =>
  deleteDepartment(authRealm.realm, params.id!, origin))
