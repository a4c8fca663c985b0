import { readBranding } from '../../../domain/branding.ts'
import { presentBranding } from '../../../http/present.ts'
import { defineTenantRoute } from '../../../http/route.ts'

/** How the organisation looks, for the pages on which one is not signed in yet. */
export default defineTenantRoute({ access: 'public' }, async ({ authRealm }) =>
  ({ name: authRealm.name, ...presentBranding(await readBranding(authRealm.realm)) }))
