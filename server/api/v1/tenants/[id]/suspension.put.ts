import { suspendTenant } from '#server/domain/tenants/lifecycle/suspension.ts'
import { readTenantDetails } from '#server/domain/tenants/present.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { tenantDetailsAnswer } from '#shared/answers/tenants.ts'
import { canSupportTenants } from '#shared/permissions.ts'
import { suspensionSchema } from '#shared/schemas/tenants.ts'

export default definePlatformRoute(
  {
    summary: 'Suspend an organisation',
    access: canSupportTenants,
    body: suspensionSchema,
    answer: tenantDetailsAnswer,
  },
  async ({ app, params, body, audit }) => {
    await suspendTenant(app, params.id!, body.reason, audit)
    return readTenantDetails(app, params.id!)
  },
)
