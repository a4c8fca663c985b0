import { requireInvitation } from '#server/domain/invitations/invitations.ts'
import { defineTenantRoute } from '#server/http/route.ts'
import { invitationAnswer } from '#shared/answers/invitations.ts'
import { canManageInvitations } from '#shared/permissions.ts'

export default defineTenantRoute(
  { summary: 'Get an invitation', access: canManageInvitations, answer: invitationAnswer },
  ({ authRealm, params }) => requireInvitation(authRealm.realm, params.id!),
)
