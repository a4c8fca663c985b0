import { readOrganization } from '#server/domain/organization/organization.ts'
import { presentOrganization } from '#server/domain/organization/present.ts'
import { defineTenantRoute } from '#server/http/route.ts'
import { organizationAnswer } from '#shared/answers/organization.ts'

export default defineTenantRoute(
  { summary: 'Get the organisation', access: 'signed-in', answer: organizationAnswer },
  async ({ app, authRealm }) => presentOrganization(await readOrganization(app, authRealm)),
)
