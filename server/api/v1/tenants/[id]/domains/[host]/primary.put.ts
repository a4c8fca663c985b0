import { setPrimaryDomain } from '#server/domain/tenants/domains/primary.ts'
import { readTenantDetails } from '#server/domain/tenants/present.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { tenantDetailsAnswer } from '#shared/answers/tenants.ts'
import { canManageTenants } from '#shared/permissions.ts'

/** Makes the domain the canonical host of links and tokens. 409 for a domain that is not verified. */
export default definePlatformRoute(
  { summary: 'Make a domain the main address', access: canManageTenants, answer: tenantDetailsAnswer },
  async ({ app, params, audit }) => {
    await setPrimaryDomain(app, params.id!, params.host!, audit)
    return readTenantDetails(app, params.id!)
  },
)
