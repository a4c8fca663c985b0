import { canManageTenants } from '../../../../../../../shared/permissions.ts'
import { removeDomain } from '../../../../../../domain/domains.ts'
import { definePlatformRoute } from '../../../../../../http/route.ts'

export default definePlatformRoute({ access: canManageTenants, status: 204 }, ({ app, params, origin }) => removeDomain(app, params.id!, params.host!, origin))
