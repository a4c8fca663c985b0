import { mailOrganizations } from '#server/domain/tenants/finder.ts'
import { defineSiteRoute } from '#server/http/route.ts'
import { tenantInfoMailSchema } from '#shared/schemas/tenants.ts'

/** The same answer for every address; a user of any organisation gets a mail. */
export default defineSiteRoute(
  { summary: 'Mail the own organisations', access: 'public', body: tenantInfoMailSchema, status: 204 },
  ({ app, body, audit }) => mailOrganizations(app, body, audit),
)
