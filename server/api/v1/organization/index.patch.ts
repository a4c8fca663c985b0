import type { Db } from '#server/database/realms.ts'
import { requireRecent } from '#server/domain/factors/reauthenticate.ts'
import { changeOrganization, readOrganization } from '#server/domain/organization/organization.ts'
import { presentOrganization } from '#server/domain/organization/present.ts'
import { refuseReadOnly } from '#server/http/body/read-only.ts'
import { readIfMatch } from '#server/http/route/precondition.ts'
import { defineTenantRoute } from '#server/http/route.ts'
import { organizationAnswer } from '#shared/answers/organization.ts'
import { canManageOrganization } from '#shared/permissions.ts'
import { organizationSchema } from '#shared/schemas/organization.ts'

/**
 * `brand_color` is `#rrggbb` or null; black or white text on it has a contrast of at least 4.5. `language` is the
 * default of users and mails. `allows_support`: whether operators may sign in as one of its users. A change of the rule
 * for second factors needs reauthentication.
 */
export default defineTenantRoute(
  {
    summary: 'Change the organisation',
    access: canManageOrganization,
    body: organizationSchema,
    answer: organizationAnswer,
  },
  async ({ app, authRealm, principal, body, audit, event }) => {
    refuseReadOnly(event, presentOrganization(await readOrganization(app, authRealm)), ['id', 'subdomain', 'tenant_id'])
    const guardRule = (tx: Db) => requireRecent(tx, authRealm, principal)
    return presentOrganization(await changeOrganization(app, authRealm, body, audit, readIfMatch(event), guardRule))
  },
)
