import { canManageOrganization } from '../../../../shared/permissions.ts'
import { organizationSchema } from '../../../../shared/schemas/organization.ts'
import { changeOrganization } from '../../../domain/organization.ts'
import { presentOrganization } from '../../../http/present.ts'
import { defineTenantRoute } from '../../../http/route.ts'

export default defineTenantRoute({ access: canManageOrganization, body: organizationSchema }, async ({ app, authRealm, body, origin }) =>
  presentOrganization(await changeOrganization(app, authRealm, body, origin)))
