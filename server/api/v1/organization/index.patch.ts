import { canManageOrganization } from '../../../../shared/permissions.ts'
import { organizationSchema } from '../../../../shared/schemas/organization.ts'
import { changeOrganization } from '../../../domain/organization.ts'
import { defineTenantRoute } from '../../../http/route.ts'

export default defineTenantRoute({ access: canManageOrganization, body: organizationSchema }, ({ app, authRealm, body, origin }) =>
  changeOrganization(app, authRealm, body, origin))
