import { canManageDepartments } from '../../../../shared/permissions.ts'
import { departmentSchema } from '../../../../shared/schemas/department.ts'
import { renameDepartment } from '../../../domain/departments.ts'
import { defineTenantRoute } from '../../../http/route.ts'

export default defineTenantRoute({ access: canManageDepartments, support: true, body: departmentSchema }, ({ authRealm, params, body, origin }) =>
  renameDepartment(authRealm.realm, params.id!, body.name, origin))
