import { readTenantDetails } from '#server/domain/tenants/present.ts'
import { changeTenant } from '#server/domain/tenants/update.ts'
import { refuseReadOnly } from '#server/http/body/read-only.ts'
import { readIfMatch } from '#server/http/route/precondition.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { tenantDetailsAnswer } from '#shared/answers/tenants.ts'
import { canManageTenants } from '#shared/permissions.ts'
import { tenantChangeSchema } from '#shared/schemas/tenants.ts'

export default definePlatformRoute(
  {
    summary: 'Change an organisation',
    access: canManageTenants,
    body: tenantChangeSchema,
    answer: tenantDetailsAnswer,
  },
  async ({ app, params, body, audit, event }) => {
    refuseReadOnly(event, await readTenantDetails(app, params.id!), [
      'id',
      'schema',
      'tenant_id',
      'status',
      'is_active',
    ])
    await changeTenant(app, params.id!, body, audit, readIfMatch(event))
    return readTenantDetails(app, params.id!)
  },
)
