import { canManageDepartments } from '../../../../shared/permissions.ts'
import { departmentSchema } from '../../../../shared/schemas/department.ts'
import { createDepartment } from '../../../domain/departments.ts'
import { defineTenantRoute } from '../../../http/route.ts'

export default defineTenantRoute({ access: canManageDepartments, support: true, body: departmentSchema, status: 201 }, ({ authRealm, body, origin }) =>
  createDepartment(authRealm.realm, body.name, origin))
