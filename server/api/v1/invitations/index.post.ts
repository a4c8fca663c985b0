import { invite } from '#server/domain/invitations/invite.ts'
import { defineTenantRoute } from '#server/http/route.ts'
import { invitationAnswer } from '#shared/answers/invitations.ts'
import { canManageInvitations } from '#shared/permissions.ts'
import { invitationSchema } from '#shared/schemas/invitations.ts'

/** Mails a link that works for seven days. */
export default defineTenantRoute(
  {
    summary: 'Invite a person',
    access: canManageInvitations,
    idempotency: 'once',
    body: invitationSchema,
    status: 201,
    answer: invitationAnswer,
  },
  ({ app, authRealm, body, audit }) => invite(app, authRealm, body, audit),
)
