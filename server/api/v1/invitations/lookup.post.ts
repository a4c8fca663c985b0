import { findDepartmentName, requireInvitationByToken } from '#server/domain/invitations/accept.ts'
import { defineTenantRoute } from '#server/http/route.ts'
import { invitationTokenSchema } from '#shared/schemas/invitation.ts'

/** What the page behind an invitation's link shows; it uses nothing up. */
export default defineTenantRoute(
  { access: 'public', body: invitationTokenSchema },
  async ({ app, authRealm, body, origin }) => {
    const { email, role, department, expires_at } = await requireInvitationByToken(app, authRealm, body.token, origin)
    return {
      email,
      organization: authRealm.name,
      role,
      department: await findDepartmentName(authRealm.realm, department),
      expires_at,
    }
  },
)
