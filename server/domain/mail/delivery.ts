import { reasonOf } from '#server/database/errors.ts'
import type { App } from '#server/domain/context.ts'
import type { Worker } from '#server/domain/operations/worker.ts'
import { createWorker } from '#server/domain/operations/worker.ts'
import type { Membership } from '#server/domain/tenants/finder.ts'
import { findMemberships } from '#server/domain/tenants/finder.ts'
import { traceWork } from '#server/tracing/spans.ts'
import type { NewSpan } from '#server/tracing/spans.ts'
import type { Mailer } from '#server/mail/mailer.ts'
import type { Message } from '#server/mail/message.ts'
import { composeMail } from './compose.ts'
import type { QueuedMail } from './kinds.ts'
import type { Lane } from './queue.ts'
import { claimMails, deleteMail, nextMailDue, postponeMail, settleMail } from './queue.ts'
import { composeSiteMail, isSiteMail } from './site-mails.ts'

type Memberships = Promise<Map<string, Membership[]>>

const lanes: Lane[] = [
  { searches: false, batch: 8 },
  { searches: true, batch: 32 },
]
/** Milliseconds between two checks when nothing is announced, and after a failed one. */
const longestNap = 30_000
const nap = 1_000

/**
 * Sends the mails of the outbox for as long as the process lives; wake it when there is mail. Several processes share
 * the work.
 */
export function startMailDelivery(app: App, mailer: Mailer): Worker {
  const workers = lanes.map(lane => createWorker(signal => sendAll(app, mailer, lane, signal)))
  return {
    wake: () => workers.forEach(worker => worker.wake()),
    async stop() {
      await Promise.all(workers.map(worker => worker.stop()))
      mailer.close()
    },
  }
}

/** @returns milliseconds until there may be more */
async function sendAll(app: App, mailer: Mailer, lane: Lane, signal: AbortSignal): Promise<number> {
  try {
    while (!signal.aborted && (await sendBatch(app, mailer, lane)) === lane.batch);
    return Math.min((await nextMailDue(app, lane)) ?? longestNap, longestNap)
  } catch (error) {
    // The database is unavailable: claimed mails become available again when their lease ends.
    app.log.warn({ event: 'mail_queue_unavailable', reason: reasonOf(error) })
    return nap
  }
}

// Mails are written one after another, with pauses, and sent in parallel: sending mostly waits for the mail server.
async function sendBatch(app: App, mailer: Mailer, lane: Lane): Promise<number> {
  const mails = await claimMails(app, lane)
  const memberships = lane.searches ? membershipsOf(app, mails) : Promise.resolve(new Map())
  const rest = app.pacer.begin()
  const sendings: ReturnType<typeof settled>[] = []
  for (const mail of mails) {
    await new Promise<unknown>(resolve => {
      const goOn = () => resolve(undefined)
      sendings.push(settled(deliver(app, mailer, mail, memberships, goOn).finally(goOn)))
    })
    await rest()
  }
  for (const { error } of await Promise.all(sendings)) if (error) throw error
  return mails.length
}

function membershipsOf(app: App, mails: QueuedMail[]): Memberships {
  const addresses = mails.map(({ recipient }) => recipient)
  return addresses.length > 0 ? findMemberships(app, addresses) : Promise.resolve(new Map())
}

/** @returns the error of the work, if any; it is handled later */
function settled(work: Promise<unknown>): Promise<{ error?: unknown }> {
  return work.then(
    () => ({}),
    (error: unknown) => ({ error }),
  )
}

/** @param onComposed called when the mail is written and only has to be sent */
async function deliver(
  app: App,
  mailer: Mailer,
  mail: QueuedMail,
  memberships: Memberships,
  onComposed: () => void,
): Promise<void> {
  try {
    const isSent = await traceWork(
      () => spanOf(mail),
      async () => {
        const message = await compose(app, mail, memberships)
        if (!message) return void (await deleteMail(app, mail))
        onComposed()
        await mailer.send(message)
        await settleMail(app, mail)
        return true
      },
    )
    if (isSent) app.log.info({ event: 'mail_sent', kind: mail.kind, tenant: mail.realm, mail: mail.id })
  } catch (error) {
    await postpone(app, mail, error)
  }
}

function spanOf({ kind, realm, id, attempts }: QueuedMail): NewSpan {
  const attributes = { 'tenantry.tenant': realm, 'tenantry.mail': id, 'tenantry.attempt': attempts }
  return { name: `mail ${kind}`, attributes }
}

async function compose(app: App, mail: QueuedMail, memberships: Memberships): Promise<Message | undefined> {
  return isSiteMail(mail) ? composeSiteMail(app, mail, await memberships) : composeMail(app, mail)
}

async function postpone(app: App, mail: QueuedMail, error: unknown): Promise<void> {
  const reason = reasonOf(error)
  const givenUp = await postponeMail(app, mail, reason, isFinal(error))
  app.log.warn({
    event: givenUp ? 'mail_delivery_abandoned' : 'mail_delivery_failed',
    kind: mail.kind,
    tenant: mail.realm,
    mail: mail.id,
    attempt: mail.attempts,
    reason,
  })
}

// RFC 5321, 4.2.1: 5yz to a recipient is permanent. Any other error may come from a wrong setting, which can be
// corrected.
function isFinal(error: unknown): boolean {
  const { responseCode, command } = error as { responseCode?: number; command?: string }
  return command === 'RCPT TO' && responseCode !== undefined && responseCode >= 500
}
