import { canManageInvitations } from '../../../../shared/permissions.ts'
import { requireInvitation } from '../../../domain/invitations.ts'
import { defineTenantRoute } from '../../../http/route.ts'

export default defineTenantRoute({ access: canManageInvitations }, ({ authRealm, params }) => requireInvitation(authRealm.realm, params.id!))
