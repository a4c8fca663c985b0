import { and, eq, isNotNull, isNull, lt, ne, or, sql } from 'drizzle-orm'
import type { Db } from '#server/database/realms.ts'
import type { App } from '#server/domain/context.ts'
import type { QueuedMail } from './kinds.ts'
import { outbox, wakeMails } from './outbox.ts'

/** In seconds: longer than sending ever takes, so it expires only if the process died. */
const lease = 300

/** With waits of 1, 2, 4 … seconds, then an hour each, this takes a day and a half. */
const attemptsLimit = 48

/** In seconds. */
const longestWait = 3_600

const keptDays = 30

/** Which mails are claimed: mails that need a search of all organisations are slow, and must not delay the others. */
export interface Lane {
  searches: boolean
  batch: number
}

/** Claims mails that are due, until their lease ends. */
export async function claimMails({ database: { platform } }: App, lane: Lane): Promise<QueuedMail[]> {
  // As an array, so that rows are chosen once: PostgreSQL may run a subquery in IN again and lock more rows.
  const due = sql`any(array(select id from platform.outbox where ${pending} and ${unheld} and ${isIn(lane)} and due_at <= now() order by due_at limit ${lane.batch} for update skip locked))`
  const rows = await platform.db
    .update(outbox)
    .set({ attempts: sql`${outbox.attempts} + 1`, due_at: sql`now() + make_interval(secs => ${lease})` })
    .where(sql`${outbox.id} = ${due}`)
    .returning(queuedColumns)
  return rows.map(row => ({ ...row, kind: row.kind, data: row.data ?? {} }) as QueuedMail)
}

const { id, realm, kind, recipient, data, created, attempts } = outbox
const queuedColumns = { id, realm, kind, recipient, data, created, attempts }

/** Marks a mail as sent, and erases its data. */
export async function settleMail({ database: { platform } }: App, mail: QueuedMail): Promise<void> {
  await platform.db
    .update(outbox)
    .set({ sent_at: sql`now()`, data: null, last_error: null })
    .where(stillOurs(mail))
}

/** Deletes a mail for which there is nothing to send. */
export async function deleteMail({ database: { platform } }: App, mail: QueuedMail): Promise<void> {
  await platform.db.delete(outbox).where(stillOurs(mail))
}

/**
 * Records that a mail could not be sent. It is tried again, after a longer wait each time.
 * @param final do not try again
 * @returns whether it was given up
 */
export async function postponeMail(
  { database: { platform } }: App,
  mail: QueuedMail,
  error: string,
  final: boolean,
): Promise<boolean> {
  const givenUp = final || mail.attempts >= attemptsLimit
  const wait = Math.min(2 ** (mail.attempts - 1), longestWait)
  await platform.db
    .update(outbox)
    .set({
      last_error: error.slice(0, 500),
      ...(givenUp ? { given_up_at: sql`now()` } : { due_at: sql`now() + make_interval(secs => ${wait})` }),
    })
    .where(stillOurs(mail))
  return givenUp
}

/**
 * Makes mails due that were given up, or wait longer than a lease: a mail that a process may be sending now is not
 * sent twice.
 * @param only the id of one mail; all by default
 * @returns how many
 */
export async function retryMails(tx: Db, only?: string): Promise<number> {
  const isOne = only === undefined ? undefined : eq(outbox.id, only)
  const waits = and(isNull(outbox.given_up_at), sql`${outbox.due_at} > now() + make_interval(secs => ${lease})`)
  const rows = await tx
    .update(outbox)
    .set({ given_up_at: null, due_at: sql`now()` })
    .where(and(isOne, isNull(outbox.sent_at), or(isNotNull(outbox.given_up_at), waits)))
    .returning({ id: outbox.id })
  if (rows.length > 0) await wakeMails(tx)
  return rows.length
}

/** @returns milliseconds until the next mail is due, 0 if one is due, or undefined if there is none */
export async function nextMailDue({ database: { platform } }: App, lane: Lane): Promise<number | undefined> {
  const rows = await platform.db
    .select({ wait: sql<number | null>`(extract(epoch from min(${outbox.due_at}) - now()) * 1000)::float8` })
    .from(outbox)
    .where(and(pending, unheld, isIn(lane)))
  const wait = rows[0]?.wait
  return wait === null || wait === undefined ? undefined : Math.max(0, wait)
}

/** Deletes mails whose retention period is over. @returns how many */
export async function deleteOldMails({ database: { platform } }: App): Promise<number> {
  const old = new Date(Date.now() - keptDays * 86_400_000)
  const rows = await platform.db
    .delete(outbox)
    .where(or(lt(outbox.sent_at, old), lt(outbox.given_up_at, old)))
    .returning({ id: outbox.id })
  return rows.length
}

const pending = and(isNull(outbox.sent_at), isNull(outbox.given_up_at))!

// A closed tenant's mails wait until it is open again, as their links do not work.
const unheld = sql`not exists (select from platform.tenants t where t.id = nullif(realm, 'platform')::uuid and (t.status <> 'active' or t.maintenance_since is not null))`

function isIn({ searches }: Lane) {
  return searches ? eq(outbox.kind, 'organizations') : ne(outbox.kind, 'organizations')
}

// If this process seemed dead, another one may have taken over: then nothing is changed.
function stillOurs(mail: QueuedMail) {
  return and(eq(outbox.id, mail.id), eq(outbox.attempts, mail.attempts), pending)
}
