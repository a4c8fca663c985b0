import { resendInvitation } from '#server/domain/invitations/resend.ts'
import { defineTenantRoute } from '#server/http/route.ts'
import { canManageInvitations } from '#shared/permissions.ts'

export default defineTenantRoute({ access: canManageInvitations }, ({ app, authRealm, params, origin }) =>
  resendInvitation(app, authRealm, params.id!, origin),
)
