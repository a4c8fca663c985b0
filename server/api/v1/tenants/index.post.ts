import { canManageTenants } from '../../../../shared/permissions.ts'
import { newTenantSchema } from '../../../../shared/schemas/tenant.ts'
import { inviteFirstAdmin } from '../../../domain/first-admin.ts'
import { requireTenantDetails } from '../../../domain/tenant-details.ts'
import { createTenant } from '../../../domain/tenants.ts'
import { presentTenantDetails } from '../../../http/present.ts'
import { definePlatformRoute } from '../../../http/route.ts'
import { requireRuntime } from '../../../runtime.ts'

/** Its first Admin gets a mail with a link to choose a password. */
export default definePlatformRoute({ access: canManageTenants, status: 201, body: newTenantSchema }, async ({ app, body, origin }) => {
  const { tenant, admin } = await createTenant(app, requireRuntime().migrations.tenant, { ...body, admin_password: null }, origin)
  await inviteFirstAdmin(app, tenant, admin)
  return presentTenantDetails(app.config, await requireTenantDetails(app, { id: tenant.id }))
})
