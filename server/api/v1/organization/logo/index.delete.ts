import { clearLogo } from '#server/domain/organization/logo.ts'
import { defineTenantRoute } from '#server/http/route.ts'
import { canManageOrganization } from '#shared/permissions.ts'

export default defineTenantRoute(
  { summary: 'Remove the logo', access: canManageOrganization, support: true, status: 204 },
  ({ app, authRealm, audit }) => clearLogo(app, authRealm, audit),
)
