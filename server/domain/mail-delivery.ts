import type { Mailer } from '../mail/mailer.ts'
import type { App } from './app.ts'
import { composeMail } from './mail-contents.ts'
import type { QueuedMail } from './outbox.ts'
import { claimMails, dropMail, nextMailDue, postponeMail, settleMail } from './outbox.ts'

export interface MailDelivery {
  /** Says that there may be mail to send. */
  wake(): void
  /** Finishes what is being sent, and takes nothing new. */
  stop(): Promise<void>
}

const batch = 8
/** Milliseconds. Between two looks when nothing is announced, and after one that failed. */
const longestNap = 30_000
const nap = 1_000
/** How long a process that is told to stop waits for a mail server. */
const patience = 10_000

/** Sends what is in the outbox, for as long as the process lives. Several processes share the work. */
export function startMailDelivery(app: App, mailer: Mailer): MailDelivery {
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> | undefined
  let again = false

  return { wake, stop }

  function wake(): void {
    again = true
    if (stopped || running) return
    clearTimeout(timer)
    running = run().finally(() => running = undefined)
  }

  async function stop(): Promise<void> {
    stopped = true
    clearTimeout(timer)
    await Promise.race([running, new Promise(resolve => setTimeout(resolve, patience).unref())])
    mailer.close()
  }

  async function run(): Promise<void> {
    let wait = nap
    try {
      while (again && !stopped) {
        again = false
        while (!stopped && await sendBatch() === batch);
      }
      wait = Math.min(await nextMailDue(app) ?? longestNap, longestNap)
    }
    catch (error) {
      // The database is away: what was taken and not settled comes back when its lease ends.
      app.log.warn({ event: 'mail_waits', reason: messageOf(error) })
    }
    if (!stopped) timer = setTimeout(wake, again ? 0 : wait).unref()
  }

  async function sendBatch(): Promise<number> {
    const mails = await claimMails(app, batch)
    const results = await Promise.allSettled(mails.map(deliver))
    for (const result of results) if (result.status === 'rejected') throw result.reason
    return mails.length
  }

  async function deliver(mail: QueuedMail): Promise<void> {
    try {
      const message = await composeMail(app, mail)
      if (!message) return await dropMail(app, mail)
      await mailer.send(message)
      await settleMail(app, mail)
      app.log.info({ event: 'mail_sent', kind: mail.kind, tenant: mail.realm, mail: mail.id })
    }
    catch (error) {
      const givenUp = await postponeMail(app, mail, messageOf(error), isFinal(error))
      app.log.warn({ event: givenUp ? 'mail_given_up' : 'mail_failed', kind: mail.kind, tenant: mail.realm, mail: mail.id, attempts: mail.attempts, reason: messageOf(error) })
    }
  }
}

// RFC 5321, 4.2.1: 5yz to a recipient is for good. Any other may be a setting of ours that is mended.
function isFinal(error: unknown): boolean {
  const { responseCode, command } = error as { responseCode?: number, command?: string }
  return command === 'RCPT TO' && responseCode !== undefined && responseCode >= 500
}

// drizzle's message holds the parameters of the query.
function messageOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return cause instanceof Error ? cause.message : String(cause)
}
