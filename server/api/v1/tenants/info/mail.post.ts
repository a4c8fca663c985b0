import { tenantInfoMailSchema } from '../../../../../shared/schemas/tenant.ts'
import { mailOrganizations } from '../../../../domain/organization-finder.ts'
import { defineSiteRoute } from '../../../../http/route.ts'

/** The same answer for everyone; whoever is known somewhere gets a mail. */
export default defineSiteRoute({ access: 'public', body: tenantInfoMailSchema, status: 204 }, ({ app, body, origin }) =>
  mailOrganizations(app, body, origin))
