import { revokeInvitation } from '#server/domain/invitations/revoke.ts'
import { defineTenantRoute } from '#server/http/route.ts'
import { canManageInvitations } from '#shared/permissions.ts'

/** Revokes the invitation; it stays in the list. An accepted or revoked one is 409 `in_use`. */
export default defineTenantRoute(
  { summary: 'Revoke an invitation', access: canManageInvitations, status: 204 },
  ({ authRealm, params, audit }) => revokeInvitation(authRealm.realm, params.id!, audit),
)
