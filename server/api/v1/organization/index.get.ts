import { readOrganization } from '../../../domain/organization.ts'
import { presentOrganization } from '../../../http/present.ts'
import { defineTenantRoute } from '../../../http/route.ts'

export default defineTenantRoute({ access: 'signed-in' }, async ({ app, authRealm }) => presentOrganization(await readOrganization(app, authRealm)))
