import { requireTenantDetails } from '#server/domain/tenants/details.ts'
import { presentTenantDetails } from '#server/domain/tenants/present.ts'
import { changeTenant } from '#server/domain/tenants/update.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { canManageTenants } from '#shared/permissions.ts'
import { tenantChangeSchema } from '#shared/schemas/tenant.ts'

export default definePlatformRoute(
  { access: canManageTenants, body: tenantChangeSchema },
  async ({ app, params, body, audit }) => {
    await changeTenant(app, params.id!, body, audit)
    return presentTenantDetails(app.config, await requireTenantDetails(app, { id: params.id! }))
  },
)
