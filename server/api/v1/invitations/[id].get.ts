import { requireInvitation } from '#server/domain/invitations/invitations.ts'
import { defineTenantRoute } from '#server/http/route.ts'
import { canManageInvitations } from '#shared/permissions.ts'

export default defineTenantRoute({ access: canManageInvitations }, ({ authRealm, params }) =>
  requireInvitation(authRealm.realm, params.id!),
)
