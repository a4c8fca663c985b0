import { cancelDeletion } from '#server/domain/tenants/lifecycle/deletion.ts'
import { readTenantDetails } from '#server/domain/tenants/present.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { tenantDetailsAnswer } from '#shared/answers/tenants.ts'
import { canManageTenants } from '#shared/permissions.ts'

/** Cancels the deletion, for as long as it has not begun. */
export default definePlatformRoute(
  { summary: 'Cancel the deletion of an organisation', access: canManageTenants, answer: tenantDetailsAnswer },
  async ({ app, params, audit }) => {
    await cancelDeletion(app, params.id!, audit)
    return readTenantDetails(app, params.id!)
  },
)
