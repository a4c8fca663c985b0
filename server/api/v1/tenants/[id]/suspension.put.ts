import { requireTenantDetails } from '#server/domain/tenants/details.ts'
import { suspendTenant } from '#server/domain/tenants/lifecycle/suspension.ts'
import { presentTenantDetails } from '#server/domain/tenants/present.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { canSupportTenants } from '#shared/permissions.ts'
import { suspensionSchema } from '#shared/schemas/tenant.ts'

export default definePlatformRoute(
  { access: canSupportTenants, body: suspensionSchema },
  async ({ app, params, body, audit }) => {
    await suspendTenant(app, params.id!, body.reason, audit)
    return presentTenantDetails(app.config, await requireTenantDetails(app, { id: params.id! }))
  },
)
