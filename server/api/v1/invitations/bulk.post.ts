import { z } from 'zod'
import { readInvitationRows } from '#server/domain/invitations/bulk-file.ts'
import { inviteMany } from '#server/domain/invitations/bulk.ts'
import { defineTenantRoute } from '#server/http/route.ts'
import { invitationResultsAnswer } from '#shared/answers/invitations.ts'
import { canManageInvitations } from '#shared/permissions.ts'
import { flag } from '#shared/schemas/fields.ts'
import { invitationsSchema } from '#shared/schemas/invitations.ts'

/**
 * Invites at most 500 people, from a list or a CSV text, and reports the result of each. The first line of a CSV names
 * its columns: `email`, and optionally `role` and `department` (by name). `row` is then the number of the row in a
 * spreadsheet. With `dry_run` nothing is changed.
 */
export default defineTenantRoute(
  {
    summary: 'Invite many people',
    access: canManageInvitations,
    idempotency: 'repeatable',
    turn: 'change',
    body: invitationsSchema,
    query: z.object({ dry_run: flag() }),
    answer: invitationResultsAnswer,
  },
  async ({ app, authRealm, body, query, audit }) => {
    const rows =
      body.invitations?.map((input, i) => ({ row: i + 1, input })) ??
      (await readInvitationRows(authRealm.realm, body.csv!))
    return { results: await inviteMany(app, authRealm, rows, { dryRun: query.dry_run }, audit) }
  },
)
