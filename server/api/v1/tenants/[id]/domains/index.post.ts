import { addDomain } from '#server/domain/tenants/domains/change.ts'
import { presentDomain } from '#server/domain/tenants/present.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { domainAnswer } from '#shared/answers/tenants.ts'
import { canManageTenants } from '#shared/permissions.ts'
import { domainSchema } from '#shared/schemas/tenants.ts'

/** It is served when the DNS record with its `challenge` has been found. */
export default definePlatformRoute(
  {
    summary: 'Add a domain',
    access: canManageTenants,
    idempotency: 'once',
    status: 201,
    body: domainSchema,
    answer: domainAnswer,
  },
  async ({ app, params, body, audit }) => {
    return presentDomain(await addDomain(app, params.id!, body.host, audit))
  },
)
