import { replaceLogo } from '#server/domain/organization/logo.ts'
import { readOrganization } from '#server/domain/organization/organization.ts'
import { presentOrganization } from '#server/domain/organization/present.ts'
import { readImageBody } from '#server/http/image.ts'
import { defineTenantRoute } from '#server/http/route.ts'
import { organizationAnswer } from '#shared/answers/organization.ts'
import { canManageOrganization } from '#shared/permissions.ts'

/** Takes the image as the body, or a form with one part `logo`. */
export default defineTenantRoute(
  {
    summary: 'Replace the logo',
    access: canManageOrganization,
    support: true,
    accepts: 'multipart/form-data',
    answer: organizationAnswer,
  },
  async ({ app, authRealm, principal, audit, event }) => {
    await app.limits.countUpload(authRealm.realm.schema, principal.user.id)
    await replaceLogo(app, authRealm, readImageBody(event, 'logo'), audit)
    return presentOrganization(await readOrganization(app, authRealm))
  },
)
