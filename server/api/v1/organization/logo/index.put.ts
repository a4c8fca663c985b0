import { canManageOrganization } from '../../../../../shared/permissions.ts'
import { replaceLogo } from '../../../../domain/logo.ts'
import { readOrganization } from '../../../../domain/organization.ts'
import { readImageBody } from '../../../../http/image.ts'
import { presentOrganization } from '../../../../http/present.ts'
import { defineTenantRoute } from '../../../../http/route.ts'

export default defineTenantRoute({ access: canManageOrganization, support: true }, async ({ app, authRealm, principal, origin, event }) => {
  await app.limits.countUpload(authRealm.realm.schema, principal.user.id)
  await replaceLogo(app, authRealm, readImageBody(event, 'logo'), origin)
  return presentOrganization(await readOrganization(app, authRealm))
})
