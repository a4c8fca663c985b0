import { canSupportTenants } from '../../../../../shared/permissions.ts'
import { suspensionSchema } from '../../../../../shared/schemas/tenant.ts'
import { requireTenantDetails } from '../../../../domain/tenant-details.ts'
import { suspendTenant } from '../../../../domain/tenant-states.ts'
import { presentTenantDetails } from '../../../../http/present.ts'
import { definePlatformRoute } from '../../../../http/route.ts'

export default definePlatformRoute({ access: canSupportTenants, body: suspensionSchema }, async ({ app, params, body, origin }) => {
  await suspendTenant(app, params.id!, body.reason, origin)
  return presentTenantDetails(app.config, await requireTenantDetails(app, { id: params.id! }))
})
