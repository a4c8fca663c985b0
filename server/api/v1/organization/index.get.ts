import { readOrganization } from '#server/domain/organization/organization.ts'
import { presentOrganization } from '#server/domain/organization/present.ts'
import { defineTenantRoute } from '#server/http/route.ts'

export default defineTenantRoute({ access: 'signed-in' }, async ({ app, authRealm }) =>
  presentOrganization(await readOrganization(app, authRealm)),
)
