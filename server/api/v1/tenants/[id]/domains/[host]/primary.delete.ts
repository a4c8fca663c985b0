import { canManageTenants } from '../../../../../../../shared/permissions.ts'
import { clearPrimaryDomain } from '../../../../../../domain/domains.ts'
import { definePlatformRoute } from '../../../../../../http/route.ts'

/** The subdomain is the canonical host again. */
export default definePlatformRoute({ access: canManageTenants, status: 204 }, ({ app, params, origin }) => clearPrimaryDomain(app, params.id!, params.host!, origin))
