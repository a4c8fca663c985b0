import { verifyDomain } from '#server/domain/tenants/domains/verify.ts'
import { presentDomain } from '#server/domain/tenants/present.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { domainAnswer } from '#shared/answers/tenants.ts'
import { canManageTenants } from '#shared/permissions.ts'

/** Checks the DNS; `verified_at` and `last_error` have the result. */
export default definePlatformRoute(
  { summary: 'Verify a domain', access: canManageTenants, answer: domainAnswer },
  async ({ app, params, audit }) => {
    return presentDomain(await verifyDomain(app, params.id!, params.host!, audit))
  },
)
