import { canManageTenants } from '../../../../../../shared/permissions.ts'
import { domainSchema } from '../../../../../../shared/schemas/tenant.ts'
import { addDomain } from '../../../../../domain/domains.ts'
import { presentDomain } from '../../../../../http/present.ts'
import { definePlatformRoute } from '../../../../../http/route.ts'

export default definePlatformRoute({ access: canManageTenants, status: 201, body: domainSchema }, async ({ app, params, body, origin }) => {
  return presentDomain(await addDomain(app, params.id!, body.host, origin))
})
