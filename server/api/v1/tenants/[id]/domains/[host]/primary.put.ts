import { requireTenantDetails } from '#server/domain/tenants/details.ts'
import { setPrimaryDomain } from '#server/domain/tenants/domains/primary.ts'
import { presentTenantDetails } from '#server/domain/tenants/present.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { canManageTenants } from '#shared/permissions.ts'

export default definePlatformRoute({ access: canManageTenants }, async ({ app, params, audit }) => {
  await setPrimaryDomain(app, params.id!, params.host!, audit)
  return presentTenantDetails(app.config, await requireTenantDetails(app, { id: params.id! }))
})
