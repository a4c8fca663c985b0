import { canManageInvitations } from '../../../../../shared/permissions.ts'
import { resendInvitation } from '../../../../domain/invitations.ts'
import { defineTenantRoute } from '../../../../http/route.ts'

export default defineTenantRoute({ access: canManageInvitations }, ({ app, authRealm, params, origin }) =>
  resendInvitation(app, authRealm, params.id!, origin))
