import { requireDepartment } from '../../../domain/departments.ts'
import { defineTenantRoute } from '../../../http/route.ts'

export default defineTenantRoute({ access: 'signed-in' }, ({ authRealm, params }) => requireDepartment(authRealm.realm, params.id!))
