import { z } from 'zod'
import { count, id, time } from './fields.ts'
import { userAnswer } from './users.ts'

/** Accounts and sessions. */
export const sessionAnswer = z.strictObject({
  id: id(),
  created: time(),
  rotated_at: time().describe('When the session last refreshed its tokens.'),
  expires_at: time(),
  ip: z.string().nullable(),
  user_agent: z.string().nullable(),
  support: z.string().nullable().describe('E-mail address of the operator who opened it as this user.'),
  current: z.boolean().describe("True for the caller's own session."),
})
export type Session = z.output<typeof sessionAnswer>

/** The rules for accounts, for people who have none yet or cannot sign in. */
export const accountRulesAnswer = z.strictObject({
  registration: z.enum(['invite_only', 'open']),
  registration_domains: z.array(z.string()).describe('The mail domains that may register; none: any.'),
  password_min_length: count(),
  mailbox: z.boolean().describe('Whether `/mailbox` shows the mails of this host: in development and the demo only.'),
})
export type AccountRules = z.output<typeof accountRulesAnswer>

/** For clients that keep tokens themselves. */
export const tokensAnswer = z.strictObject({ refresh: z.string(), access: z.string() })

/** For browsers, which keep the tokens in cookies. */
export const signedInAnswer = z.strictObject({ user: userAnswer })
export const renewedAnswer = z.strictObject({ expires_at: time().describe('Of the access token.') })
