import { removeDomain } from '#server/domain/tenants/domains/change.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { canManageTenants } from '#shared/permissions.ts'

/** 409 `in_use` for the primary domain. */
export default definePlatformRoute(
  { summary: 'Remove a domain', access: canManageTenants, status: 204 },
  ({ app, params, audit }) => removeDomain(app, params.id!, params.host!, audit),
)
