import { requireTenantDetails } from '#server/domain/tenants/details.ts'
import { presentTenantDetails } from '#server/domain/tenants/present.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { canReadTenants } from '#shared/permissions.ts'

export default definePlatformRoute({ access: canReadTenants }, async ({ app, params }) => {
  return presentTenantDetails(app.config, await requireTenantDetails(app, { id: params.id! }))
})
