import { requireTenantDetails } from '#server/domain/tenants/details.ts'
import { restoreTenant } from '#server/domain/tenants/lifecycle/deletion.ts'
import { presentTenantDetails } from '#server/domain/tenants/present.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { canManageTenants } from '#shared/permissions.ts'

export default definePlatformRoute({ access: canManageTenants }, async ({ app, params, audit }) => {
  await restoreTenant(app, params.id!, audit)
  return presentTenantDetails(app.config, await requireTenantDetails(app, { id: params.id! }))
})
