import { requireTenantDetails } from '#server/domain/tenants/details.ts'
import { endMaintenance } from '#server/domain/tenants/lifecycle/maintenance.ts'
import { presentTenantDetails } from '#server/domain/tenants/present.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { canSupportTenants } from '#shared/permissions.ts'

export default definePlatformRoute({ access: canSupportTenants }, async ({ app, params, audit }) => {
  await endMaintenance(app, params.id!, audit)
  return presentTenantDetails(app.config, await requireTenantDetails(app, { id: params.id! }))
})
