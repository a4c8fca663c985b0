import { readTenantDetails } from '#server/domain/tenants/present.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { tenantDetailsAnswer } from '#shared/answers/tenants.ts'
import { canReadTenants } from '#shared/permissions.ts'

export default definePlatformRoute(
  { summary: 'Get an organisation', access: canReadTenants, answer: tenantDetailsAnswer },
  async ({ app, params }) => {
    return readTenantDetails(app, params.id!)
  },
)
