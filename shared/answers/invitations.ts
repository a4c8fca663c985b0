import { z } from 'zod'
import { count, delivery, id, time } from './fields.ts'
import { tenantRole } from './users.ts'

export const invitationAnswer = z.strictObject({
  id: id(),
  email: z.string(),
  role: tenantRole,
  department: id().nullable(),
  state: z.enum(['open', 'accepted', 'expired', 'revoked']),
  created: time(),
  expires_at: time(),
  accepted_at: time().nullable(),
  revoked_at: time().nullable(),
  invited_by: id().nullable().describe('Id of the Admin who sent the invitation.'),
  department_name: z.string().nullable().optional().describe('In lists.'),
  inviter_name: z.string().nullable().optional(),
  delivery: delivery().nullable().optional().describe('Of its last mail, if that is known.'),
})
export type Invitation = z.output<typeof invitationAnswer>

/** The result of one row of a bulk invitation. */
export const invitationResultAnswer = z.strictObject({
  row: count(),
  email: z.string().nullable(),
  role: tenantRole.nullable().describe('As which the person is or would be invited; null if the row is not valid.'),
  department_name: z.string().nullable(),
  status: z.enum(['invited', 'already_invited', 'failed']),
  invitation: invitationAnswer.nullable(),
  errors: z.record(z.string(), z.array(z.string())).nullable(),
})
export type InvitationResult = z.output<typeof invitationResultAnswer>
export const invitationResultsAnswer = z.strictObject({ results: z.array(invitationResultAnswer) })

/** The data for an invitation's page. */
export const openInvitationAnswer = z.strictObject({
  email: z.string(),
  organization: z.string(),
  role: tenantRole,
  department: z.string().nullable().describe('Name of the department.'),
  expires_at: time(),
})
export type OpenInvitation = z.output<typeof openInvitationAnswer>
