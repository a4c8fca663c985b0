import { createTenantByMail } from '#server/domain/tenants/create.ts'
import { requireTenantDetails } from '#server/domain/tenants/details.ts'
import { presentTenantDetails } from '#server/domain/tenants/present.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { requireRuntime } from '#server/runtime.ts'
import { canManageTenants } from '#shared/permissions.ts'
import { newTenantSchema } from '#shared/schemas/tenant.ts'

/** Creates a tenant. Its first Admin gets a mail with a link to set a password. */
export default definePlatformRoute(
  { access: canManageTenants, status: 201, body: newTenantSchema },
  async ({ app, body, audit }) => {
    const { id } = await createTenantByMail(app, requireRuntime().migrations.tenant, body, audit)
    return presentTenantDetails(app.config, await requireTenantDetails(app, { id }))
  },
)
