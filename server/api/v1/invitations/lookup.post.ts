import { findDepartmentName, requireInvitationByToken } from '#server/domain/invitations/accept.ts'
import { defineTenantRoute } from '#server/http/route.ts'
import { openInvitationAnswer } from '#shared/answers/invitations.ts'
import { invitationTokenSchema } from '#shared/schemas/invitations.ts'

/** The data for an invitation's page; it does not use the link up. */
export default defineTenantRoute(
  {
    summary: 'Check the link of an invitation',
    access: 'public',
    body: invitationTokenSchema,
    answer: openInvitationAnswer,
  },
  async ({ app, authRealm, body, audit }) => {
    const { email, role, department, expires_at } = await requireInvitationByToken(app, authRealm, body.token, audit)
    return {
      email,
      organization: authRealm.name,
      role,
      department: await findDepartmentName(authRealm.realm, department),
      expires_at,
    }
  },
)
