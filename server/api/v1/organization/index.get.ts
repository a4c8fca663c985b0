import { readOrganization } from '../../../domain/organization.ts'
import { defineTenantRoute } from '../../../http/route.ts'

export default defineTenantRoute({ access: 'signed-in' }, ({ app, authRealm }) => readOrganization(app, authRealm))
