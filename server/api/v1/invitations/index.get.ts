import { invitationsQuery, listInvitations } from '#server/domain/invitations/list.ts'
import { readPage } from '#server/http/list.ts'
import { defineTenantRoute } from '#server/http/route.ts'
import { page } from '#shared/answers/fields.ts'
import { invitationAnswer } from '#shared/answers/invitations.ts'
import { canManageInvitations } from '#shared/permissions.ts'

/**
 * Invitations with their state, newest first. `expiring` ones are open for less than two more days. `delivery` is what
 * became of the mail.
 */
export default defineTenantRoute(
  {
    summary: 'List invitations',
    access: canManageInvitations,
    query: invitationsQuery,
    answer: page(invitationAnswer),
  },
  ({ app, authRealm, query, event }) =>
    readPage(event, query, window => listInvitations(app, authRealm, query, window)),
)
