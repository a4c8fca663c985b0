import { z } from 'zod'
import { id, time } from './fields.ts'
import { role } from './users.ts'

export const supportAccessAnswer = z.strictObject({
  id: id(),
  tenant: id(),
  tenant_name: z.string(),
  user_id: id(),
  operator_email: z.string(),
  reason: z.string(),
  is_read_only: z.boolean(),
  created: time(),
  opened_at: time().nullable(),
  expires_at: time(),
  ended_at: time().nullable(),
})
export type SupportAccess = z.output<typeof supportAccessAnswer>

/** A user whom an operator may sign in as. */
export const supportableUserAnswer = z.strictObject({
  id: id(),
  email: z.string(),
  first_name: z.string(),
  last_name: z.string(),
  role,
})
export type SupportableUser = z.output<typeof supportableUserAnswer>

/** A user of any tenant, as an operator's search finds them. */
export const foundPersonAnswer = supportableUserAnswer.extend({
  is_active: z.boolean(),
  organization: z.strictObject({ id: id(), name: z.string(), subdomain: z.string() }),
})
export type FoundPerson = z.output<typeof foundPersonAnswer>
export const foundPeopleAnswer = z.strictObject({
  results: z.array(foundPersonAnswer).describe('The first 50 matches, and at most ten of one organisation.'),
})

/** The link with which an operator signs in as the user, once. */
export const supportLinkAnswer = z.strictObject({ id: id(), url: z.string(), expires_at: time() })
