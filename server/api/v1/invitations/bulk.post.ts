import { canManageInvitations } from '../../../../shared/permissions.ts'
import { invitationsSchema } from '../../../../shared/schemas/invitation.ts'
import { inviteMany, readInvitationRows } from '../../../domain/invitation-rows.ts'
import { defineTenantRoute } from '../../../http/route.ts'

/** Invites many, from a list or a CSV text, and says of each what became of it. */
export default defineTenantRoute({ access: canManageInvitations, body: invitationsSchema }, async ({ app, authRealm, body, origin }) => {
  const rows = body.invitations ?? await readInvitationRows(authRealm.realm, body.csv!)
  return { results: await inviteMany(app, authRealm, rows, origin) }
})
