import { clearPrimaryDomain } from '#server/domain/tenants/domains/primary.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { canManageTenants } from '#shared/permissions.ts'

/** Makes the subdomain the canonical host again. */
export default definePlatformRoute(
  { summary: 'Make the subdomain the main address', access: canManageTenants, status: 204 },
  ({ app, params, audit }) => clearPrimaryDomain(app, params.id!, params.host!, audit),
)
