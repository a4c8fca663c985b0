import { resendInvitation } from '#server/domain/invitations/resend.ts'
import { defineTenantRoute } from '#server/http/route.ts'
import { invitationAnswer } from '#shared/answers/invitations.ts'
import { canManageInvitations } from '#shared/permissions.ts'

/**
 * Mails a new link for seven more days; the old link stops working. An accepted or revoked invitation is 409 `in_use`.
 */
export default defineTenantRoute(
  { summary: 'Send an invitation again', access: canManageInvitations, idempotency: 'once', answer: invitationAnswer },
  ({ app, authRealm, params, audit }) => resendInvitation(app, authRealm, params.id!, audit),
)
