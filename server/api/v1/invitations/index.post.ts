import { canManageInvitations } from '../../../../shared/permissions.ts'
import { invitationSchema } from '../../../../shared/schemas/invitation.ts'
import { invite } from '../../../domain/invitations.ts'
import { defineTenantRoute } from '../../../http/route.ts'

export default defineTenantRoute({ access: canManageInvitations, body: invitationSchema, status: 201 }, ({ app, authRealm, body, origin }) =>
  invite(app, authRealm, body, origin))
