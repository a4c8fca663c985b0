import { canReadTenants } from '../../../../../shared/permissions.ts'
import { requireTenantDetails } from '../../../../domain/tenant-details.ts'
import { presentTenantDetails } from '../../../../http/present.ts'
import { definePlatformRoute } from '../../../../http/route.ts'

export default definePlatformRoute({ access: canReadTenants }, async ({ app, params }) => {
  return presentTenantDetails(app.config, await requireTenantDetails(app, { id: params.id! }))
})
