import { z } from 'zod'
import { id, language, time } from './fields.ts'

/** Sign-ups of organisations. */
export const signupState = z.enum(['unconfirmed', 'expired', 'waiting', 'made', 'refused'])
export type SignupState = z.output<typeof signupState>

/** A sign-up from the site, as operators see it. */
export const signupAnswer = z.strictObject({
  id: id(),
  name: z.string(),
  subdomain: z.string(),
  email: z.string(),
  first_name: z.string(),
  last_name: z.string(),
  language,
  state: signupState.describe('`made`: the tenant exists; `expired`: it was not confirmed in time.'),
  created: time(),
  expires_at: time().describe('Until when it can be confirmed.'),
  confirmed_at: time().nullable(),
  approved_at: time().nullable(),
  refused_at: time().nullable(),
  decided_by: id()
    .nullable()
    .describe('Id of the operator who decided; null too if it was decided on the command line.'),
  tenant: id().nullable().describe('Id of the tenant that was created.'),
})
export type Signup = z.output<typeof signupAnswer>

/** A sign-up, as its link shows it. */
export const signupProgressAnswer = z.strictObject({
  state: signupState,
  name: z.string(),
  subdomain: z.string(),
  url: z.string().nullable().describe("The portal's origin, if the tenant exists."),
  password_link: z
    .string()
    .nullable()
    .describe('The link with which the first Admin sets a password; only in the response that created the tenant.'),
})
export type SignupProgress = z.output<typeof signupProgressAnswer>

/** Whether organisations can be signed up here, and the base domain of their subdomains. */
export const signupTermsAnswer = z.strictObject({
  policy: z.enum(['open', 'approval', 'closed']),
  base_domain: z.string(),
  mailbox: z.boolean().describe("Whether `/mailbox` shows the site's mails: in development and the demo only."),
})
export type SignupTerms = z.output<typeof signupTermsAnswer>

export const subdomainAnswer = z.strictObject({
  subdomain: z.string(),
  available: z.boolean(),
  suggestion: z.string().nullable().describe('A free subdomain, if this one is not.'),
})
export type SubdomainAnswer = z.output<typeof subdomainAnswer>
