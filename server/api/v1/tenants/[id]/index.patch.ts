import { canManageTenants } from '../../../../../shared/permissions.ts'
import { tenantChangeSchema } from '../../../../../shared/schemas/tenant.ts'
import { changeTenant } from '../../../../domain/tenant-changes.ts'
import { requireTenantDetails } from '../../../../domain/tenant-details.ts'
import { presentTenantDetails } from '../../../../http/present.ts'
import { definePlatformRoute } from '../../../../http/route.ts'

export default definePlatformRoute({ access: canManageTenants, body: tenantChangeSchema }, async ({ app, params, body, origin }) => {
  await changeTenant(app, params.id!, body, origin)
  return presentTenantDetails(app.config, await requireTenantDetails(app, { id: params.id! }))
})
