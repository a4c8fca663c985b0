import { canManageOrganization } from '../../../../../shared/permissions.ts'
import { clearLogo } from '../../../../domain/logo.ts'
import { defineTenantRoute } from '../../../../http/route.ts'

export default defineTenantRoute({ access: canManageOrganization, support: true, status: 204 }, ({ app, authRealm, origin }) => clearLogo(app, authRealm, origin))
