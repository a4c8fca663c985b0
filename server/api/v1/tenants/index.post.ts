import { canManageTenants } from '../../../../shared/permissions.ts'
import { newTenantSchema } from '../../../../shared/schemas/tenant.ts'
import { requireTenantDetails } from '../../../domain/tenant-details.ts'
import { createTenantByMail } from '../../../domain/tenants.ts'
import { presentTenantDetails } from '../../../http/present.ts'
import { definePlatformRoute } from '../../../http/route.ts'
import { requireRuntime } from '../../../runtime.ts'

/** Its first Admin gets a mail with a link to choose a password. */
export default definePlatformRoute({ access: canManageTenants, status: 201, body: newTenantSchema }, async ({ app, body, origin }) => {
  const { id } = await createTenantByMail(app, requireRuntime().migrations.tenant, body, origin)
  return presentTenantDetails(app.config, await requireTenantDetails(app, { id }))
})
