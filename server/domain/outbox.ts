import { and, eq, isNull, lt, or, sql } from 'drizzle-orm'
import { pgSchema } from 'drizzle-orm/pg-core'
import { platformTables } from '../../drizzle/platform/schema.ts'
import { newId } from '../database/ids.ts'
import type { Db } from '../database/realms.ts'
import type { App } from './app.ts'
import type { AuthRealm } from './auth-realm.ts'

/** What each kind of mail is made of, when it is sent. Never a token: the link is made then too. */
export interface MailData {
  activation: { user: string }
  /** Of whoever has the address, if anyone. */
  activation_request: Record<string, never>
  password_reset: Record<string, never>
  welcome: { user: string }
  email_change: { user: string }
  email_changed: Record<string, never>
  password_changed: Record<string, never>
  new_device: { device: string, ip: string | null, time: string }
  session_reuse: Record<string, never>
  invitation: { invitation: string }
  account_exists: Record<string, never>
}

export type MailKind = keyof MailData

export type NewMail = { [Kind in MailKind]: { kind: Kind, to: string, data: MailData[Kind] } }[MailKind]

export interface QueuedMail {
  id: string
  realm: string
  kind: MailKind
  recipient: string
  data: Record<string, unknown>
  created: Date
  attempts: number
}

/** The channel on which processes tell each other that there is mail. */
export const outboxChannel = 'tenantry_outbox'

/** In seconds: longer than sending ever takes, so that only a process that died lets it run out. */
const lease = 300
/** Waits of 1, 2, 4 … seconds, then an hour each: a day and a half. */
const attemptsLimit = 48
const longestWait = 3_600
const keptDays = 30

// In the platform's schema, whichever realm's transaction it is that writes.
const { outbox } = platformTables(pgSchema('platform').table)

/**
 * Queues a mail in the transaction of its cause: if that is rolled back, there is no mail; if not, there is
 * one, whatever becomes of this process or the mail server.
 */
export async function enqueueMail(tx: Db, authRealm: AuthRealm, mail: NewMail): Promise<void> {
  await enqueueMails(tx, authRealm, [mail])
}

/** Queues mails that have one cause, in one statement. */
export async function enqueueMails(tx: Db, authRealm: AuthRealm, mails: NewMail[]): Promise<void> {
  if (mails.length === 0) return
  const now = new Date()
  await tx.insert(outbox).values(mails.map(({ kind, to, data }) => ({ id: newId(), realm: authRealm.id, kind, recipient: to, data, created: now, due_at: now })))
  await tx.execute(sql`select pg_notify(${outboxChannel}, '')`)
}

/**
 * Takes mails that are due, for this process alone until its lease ends.
 * @param limit at most so many
 */
export async function claimMails({ database: { platform: { db } } }: App, limit: number): Promise<QueuedMail[]> {
  // As an array, so that the rows are chosen once: a planner may run a subquery in IN again and lock more of them.
  const due = sql`any(array(select id from platform.outbox where ${pending} and due_at <= now() order by due_at limit ${limit} for update skip locked))`
  const rows = await db.update(outbox)
    .set({ attempts: sql`${outbox.attempts} + 1`, due_at: sql`now() + make_interval(secs => ${lease})` })
    .where(sql`${outbox.id} = ${due}`)
    .returning({ id: outbox.id, realm: outbox.realm, kind: outbox.kind, recipient: outbox.recipient, data: outbox.data, created: outbox.created, attempts: outbox.attempts })
  return rows.map(row => ({ ...row, kind: row.kind as MailKind, data: row.data ?? {} }))
}

/** Done with: nothing of the mail's making is kept. */
export async function settleMail({ database: { platform: { db } } }: App, mail: QueuedMail): Promise<void> {
  await db.update(outbox).set({ sent_at: sql`now()`, data: null, last_error: null }).where(stillOurs(mail))
}

/** There was nothing to send, and nothing says that it was asked for. */
export async function dropMail({ database: { platform: { db } } }: App, mail: QueuedMail): Promise<void> {
  await db.delete(outbox).where(stillOurs(mail))
}

/**
 * Notes that it could not be sent, to be tried again later and later.
 * @param final no use in trying again
 * @returns whether it was given up
 */
export async function postponeMail({ database: { platform: { db } } }: App, mail: QueuedMail, error: string, final: boolean): Promise<boolean> {
  const givenUp = final || mail.attempts >= attemptsLimit
  const wait = Math.min(2 ** (mail.attempts - 1), longestWait)
  await db.update(outbox).set({
    last_error: error.slice(0, 500),
    ...givenUp ? { given_up_at: sql`now()`, data: null } : { due_at: sql`now() + make_interval(secs => ${wait})` },
  }).where(stillOurs(mail))
  return givenUp
}

/** @returns milliseconds until the next mail is due, 0 for one that is, or undefined where there is none */
export async function nextMailDue({ database: { platform: { db } } }: App): Promise<number | undefined> {
  const rows = await db.select({ wait: sql<number | null>`(extract(epoch from min(${outbox.due_at}) - now()) * 1000)::float8` }).from(outbox).where(pending)
  const wait = rows[0]?.wait
  return wait === null || wait === undefined ? undefined : Math.max(0, wait)
}

/** Forgets mails that were sent, or given up, long ago. @returns how many */
export async function purgeOutbox({ database: { platform: { db } } }: App): Promise<number> {
  const old = new Date(Date.now() - keptDays * 86_400_000)
  const rows = await db.delete(outbox).where(or(lt(outbox.sent_at, old), lt(outbox.given_up_at, old))).returning({ id: outbox.id })
  return rows.length
}

const pending = and(isNull(outbox.sent_at), isNull(outbox.given_up_at))!

// A process that was thought dead, and another has taken over from, has no say any more.
function stillOurs(mail: QueuedMail) {
  return and(eq(outbox.id, mail.id), eq(outbox.attempts, mail.attempts), pending)
}
