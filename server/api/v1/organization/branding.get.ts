import { readBranding } from '#server/domain/organization/branding.ts'
import { presentBranding } from '#server/domain/organization/present.ts'
import { defineTenantRoute } from '#server/http/route.ts'

/** How the organisation looks, for the pages on which one is not signed in yet. */
export default defineTenantRoute({ access: 'public' }, async ({ authRealm }) => ({
  name: authRealm.name,
  ...presentBranding(await readBranding(authRealm.realm)),
}))
