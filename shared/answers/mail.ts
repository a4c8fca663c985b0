import { z } from 'zod'
import { count, id, time } from './fields.ts'

/** A mail in the mailbox; its contents only when it is requested alone. */
export const keptMailAnswer = z.strictObject({
  id: z.string(),
  to: z.string(),
  subject: z.string(),
  date: time(),
  text: z.string().optional(),
  html: z.string().optional(),
  links: z.array(z.string()).optional().describe('URLs in the text, in order.'),
})
export type KeptMail = z.output<typeof keptMailAnswer>

export const mailState = z.enum(['queued', 'delayed', 'failed', 'sent'])
export type MailState = z.output<typeof mailState>

export const outboxMailAnswer = z.strictObject({
  id: id(),
  kind: z.string(),
  recipient: z.string(),
  tenant: id().nullable().describe('Null for mails of the console and the site.'),
  tenant_name: z.string().nullable(),
  state: mailState,
  attempts: count(),
  last_error: z.string().nullable(),
  created: time(),
  due_at: time(),
  sent_at: time().nullable(),
})
export type OutboxMail = z.output<typeof outboxMailAnswer>

export const retriesAnswer = z.strictObject({ retried: count() })
