import { canManageTenants } from '../../../../../../../shared/permissions.ts'
import { setPrimaryDomain } from '../../../../../../domain/domains.ts'
import { requireTenantDetails } from '../../../../../../domain/tenant-details.ts'
import { presentTenantDetails } from '../../../../../../http/present.ts'
import { definePlatformRoute } from '../../../../../../http/route.ts'

export default definePlatformRoute({ access: canManageTenants }, async ({ app, params, origin }) => {
  await setPrimaryDomain(app, params.id!, params.host!, origin)
  return presentTenantDetails(app.config, await requireTenantDetails(app, { id: params.id! }))
})
