import { canManageTenants } from '../../../../../../../shared/permissions.ts'
import { verifyDomain } from '../../../../../../domain/domains.ts'
import { presentDomain } from '../../../../../../http/present.ts'
import { definePlatformRoute } from '../../../../../../http/route.ts'

/** Looks at the DNS; `verified_at` and `last_error` say what it found. */
export default definePlatformRoute({ access: canManageTenants }, async ({ app, params, origin }) => {
  return presentDomain(await verifyDomain(app, params.id!, params.host!, origin))
})
