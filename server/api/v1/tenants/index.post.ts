import { createTenantByMail } from '#server/domain/tenants/create.ts'
import { readTenantDetails } from '#server/domain/tenants/present.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { requireRuntime } from '#server/runtime.ts'
import { tenantDetailsAnswer } from '#shared/answers/tenants.ts'
import { canManageTenants } from '#shared/permissions.ts'
import { newTenantSchema } from '#shared/schemas/tenants.ts'

/** Creates a tenant. Its first Admin gets a mail with a link to set a password. */
export default definePlatformRoute(
  {
    summary: 'Create an organisation',
    access: canManageTenants,
    idempotency: 'once',
    status: 201,
    body: newTenantSchema,
    answer: tenantDetailsAnswer,
  },
  async ({ app, body, audit }) => {
    const { id } = await createTenantByMail(app, requireRuntime().migrations.tenant, body, audit)
    return readTenantDetails(app, id)
  },
)
