import { acceptInvitation } from '#server/domain/invitations/accept.ts'
import { presentUser } from '#server/domain/users/present.ts'
import { defineTenantRoute } from '#server/http/route.ts'
import { userAnswer } from '#shared/answers/users.ts'
import { acceptInvitationSchema } from '#shared/schemas/invitations.ts'

/** Creates an active account, without signing in. */
export default defineTenantRoute(
  { summary: 'Accept an invitation', access: 'public', body: acceptInvitationSchema, status: 201, answer: userAnswer },
  async ({ app, authRealm, body, audit }) => {
    const { re_password, ...input } = body
    return presentUser(authRealm, await acceptInvitation(app, authRealm, input, audit))
  },
)
