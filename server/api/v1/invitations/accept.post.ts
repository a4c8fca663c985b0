import { acceptInvitationSchema } from '../../../../shared/schemas/invitation.ts'
import { acceptInvitation } from '../../../domain/invitation-links.ts'
import { presentUser } from '../../../http/present.ts'
import { defineTenantRoute } from '../../../http/route.ts'

/** The account is there and active, and not signed in. */
export default defineTenantRoute({ access: 'public', body: acceptInvitationSchema, status: 201 }, async ({ app, authRealm, body, origin }) => {
  const { re_password, ...input } = body
  return presentUser(authRealm, await acceptInvitation(app, authRealm, input, origin))
})
