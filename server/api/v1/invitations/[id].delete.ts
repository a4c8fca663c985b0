import { canManageInvitations } from '../../../../shared/permissions.ts'
import { revokeInvitation } from '../../../domain/invitations.ts'
import { defineTenantRoute } from '../../../http/route.ts'

/** Revokes it; it stays in the list. */
export default defineTenantRoute({ access: canManageInvitations, status: 204 }, ({ authRealm, params, origin }) =>
  revokeInvitation(authRealm.realm, params.id!, origin))
