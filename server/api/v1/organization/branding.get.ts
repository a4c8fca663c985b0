import { readBranding } from '#server/domain/organization/branding.ts'
import { presentBranding } from '#server/domain/organization/present.ts'
import { defineTenantRoute } from '#server/http/route.ts'
import { namedBrandingAnswer } from '#shared/answers/organization.ts'

/** The organisation's look, for pages that are shown before sign-in. */
export default defineTenantRoute(
  { summary: 'Get the look of the organisation', access: 'public', answer: namedBrandingAnswer },
  async ({ authRealm }) => ({
    name: authRealm.name,
    ...presentBranding(await readBranding(authRealm.realm)),
  }),
)
