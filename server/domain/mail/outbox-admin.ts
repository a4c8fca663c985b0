import type { SQL } from 'drizzle-orm'
import { and, isNotNull, isNull, sql } from 'drizzle-orm'
import type { PlatformRealm } from '#server/database/realms.ts'
import { recordAudit } from '#server/domain/audit/audit.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import { notFound } from '#shared/errors.ts'
import type { MailState } from '#shared/answers/mail.ts'
import { retryMails } from './queue.ts'

export const mailStates = ['queued', 'delayed', 'failed', 'sent'] as const satisfies MailState[]

type Outbox = PlatformRealm['tables']['outbox']

/** Queued: not tried yet. Delayed: failed, and will be tried again. Failed: given up. */
export function mailState(outbox: Outbox): SQL<MailState> {
  return sql<MailState>`case when ${outbox.sent_at} is not null then 'sent' when ${outbox.given_up_at} is not null then 'failed' when ${outbox.last_error} is not null then 'delayed' else 'queued' end`
}

/** A condition: the mail is in one of these states. */
export function inMailState(outbox: Outbox, state: MailState): SQL | undefined {
  const pending = and(isNull(outbox.sent_at), isNull(outbox.given_up_at))
  switch (state) {
    case 'sent':
      return isNotNull(outbox.sent_at)
    case 'failed':
      return isNotNull(outbox.given_up_at)
    case 'delayed':
      return and(pending, isNotNull(outbox.last_error))
    case 'queued':
      return and(pending, isNull(outbox.last_error))
  }
}

/**
 * Retries mails now that were given up or have waited for long: one, or all.
 * @returns how many
 * @throws ApiError 404 if the mail was sent, or is being sent
 */
export function retryOutbox({ database: { platform } }: App, audit: AuditContext, only?: string): Promise<number> {
  return platform.transaction(async tx => {
    const retried = await retryMails(tx, only)
    if (only !== undefined && retried === 0) throw notFound()
    if (retried > 0)
      await recordAudit(tx, platform, audit, { action: 'mail.retried', subject: only, details: { mails: retried } })
    return retried
  })
}
