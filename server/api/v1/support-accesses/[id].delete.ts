import { canSupportTenants } from '../../../../shared/permissions.ts'
import { endSupportAccess } from '../../../domain/support-access.ts'
import { definePlatformRoute } from '../../../http/route.ts'

export default definePlatformRoute({ access: canSupportTenants, status: 204 }, ({ app, principal, params, origin }) =>
  endSupportAccess(app, params.id!, principal.user.id, origin))
