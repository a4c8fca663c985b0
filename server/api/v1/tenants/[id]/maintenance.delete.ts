import { canSupportTenants } from '../../../../../shared/permissions.ts'
import { requireTenantDetails } from '../../../../domain/tenant-details.ts'
import { endMaintenance } from '../../../../domain/tenant-states.ts'
import { presentTenantDetails } from '../../../../http/present.ts'
import { definePlatformRoute } from '../../../../http/route.ts'

export default definePlatformRoute({ access: canSupportTenants }, async ({ app, params, origin }) => {
  await endMaintenance(app, params.id!, origin)
  return presentTenantDetails(app.config, await requireTenantDetails(app, { id: params.id! }))
})
