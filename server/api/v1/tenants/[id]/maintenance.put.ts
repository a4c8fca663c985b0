import { startMaintenance } from '#server/domain/tenants/lifecycle/maintenance.ts'
import { readTenantDetails } from '#server/domain/tenants/present.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { tenantDetailsAnswer } from '#shared/answers/tenants.ts'
import { canSupportTenants } from '#shared/permissions.ts'

/** Every request to its hosts is 503 `maintenance`, whatever its status. */
export default definePlatformRoute(
  { summary: 'Start the maintenance of an organisation', access: canSupportTenants, answer: tenantDetailsAnswer },
  async ({ app, params, audit }) => {
    await startMaintenance(app, params.id!, audit)
    return readTenantDetails(app, params.id!)
  },
)
