import { and, eq, isNotNull, isNull, lt, ne, or, sql } from 'drizzle-orm'
import { pgSchema } from 'drizzle-orm/pg-core'
import { platformTables } from '#drizzle/platform/schema.ts'
import { newId } from '#server/database/ids.ts'
import type { Db } from '#server/database/realms.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App } from '#server/domain/context.ts'
import type { Language } from '#shared/dates.ts'

/** What each kind of mail is made of, when it is sent. Never a token: the link is made then too. */
export interface MailData {
  activation: { user: string }
  /** Of whoever has the address, if anyone. */
  activation_request: Record<string, never>
  password_reset: Record<string, never>
  welcome: { user: string }
  email_change: { user: string }
  email_changed: { user: string }
  password_changed: Record<string, never>
  new_device: { user_agent: string | null; ip: string | null; time: string }
  session_reuse: Record<string, never>
  invitation: { invitation: string }
  account_exists: Record<string, never>
  tenant_notice: {
    organization: string
    language: Language
    event: 'suspended' | 'resumed' | 'deletion_scheduled' | 'restored'
    reason: string | null
    until: string | null
  }
  /** To an operator: an organisation waits for her decision. */
  signup_waiting: { name: string; subdomain: string }
  /** To a new organisation's first Admin. */
  signup_approved: { user: string }
}

/** The same of the site's mails, which are no organisation's: they are in a language, and of realm `platform`. */
export interface SiteMailData {
  signup_confirm: { signup: string; language: Language }
  signup_refused: { name: string; reason: string; language: Language }
  /** The organisations in which the address is known, if any. */
  organizations: { language: Language }
}

export type MailKind = keyof MailData
export type SiteMailKind = keyof SiteMailData

type Mail<Data> = { [Kind in keyof Data]: { kind: Kind; to: string; data: Data[Kind] } }[keyof Data]
export type NewMail = Mail<MailData>
type NewSiteMail = Mail<SiteMailData>

interface Queued<Kind> {
  id: string
  realm: string
  kind: Kind
  recipient: string
  data: Record<string, unknown>
  created: Date
  attempts: number
}

export type QueuedRealmMail = Queued<MailKind>
export type QueuedSiteMail = Queued<SiteMailKind>
export type QueuedMail = QueuedRealmMail | QueuedSiteMail

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
export function enqueueMail(tx: Db, authRealm: AuthRealm, mail: NewMail): Promise<void> {
  return insertMails(tx, authRealm.id, [mail])
}

/** Queues mails that have one cause, in one statement. */
export function enqueueMails(tx: Db, authRealm: AuthRealm, mails: NewMail[]): Promise<void> {
  return insertMails(tx, authRealm.id, mails)
}

/** The same for a mail of the site. */
export function enqueueSiteMail(tx: Db, mail: NewSiteMail): Promise<void> {
  return insertMails(tx, 'platform', [mail])
}

async function insertMails(tx: Db, realm: string, mails: (NewMail | NewSiteMail)[]): Promise<void> {
  if (mails.length === 0) return
  const now = new Date()
  await tx
    .insert(outbox)
    .values(
      mails.map(({ kind, to, data }) => ({ id: newId(), realm, kind, recipient: to, data, created: now, due_at: now })),
    )
  await wakeMails(tx)
}

/** Tells every process, when the transaction is done, that there may be mail to send. */
export async function wakeMails(tx: Db): Promise<void> {
  await tx.execute(sql`select pg_notify(${outboxChannel}, '')`)
}

/** Which mails are sent together: those for which all organisations are searched keep none of the others waiting. */
export interface Lane {
  searches: boolean
  batch: number
}

/**
 * Takes mails that are due, for this process alone until its lease ends.
 */
export async function claimMails(
  {
    database: {
      platform: { db },
    },
  }: App,
  lane: Lane,
): Promise<QueuedMail[]> {
  // As an array, so that the rows are chosen once: a planner may run a subquery in IN again and lock more of them.
  const due = sql`any(array(select id from platform.outbox where ${pending} and ${unheld} and ${isIn(lane)} and due_at <= now() order by due_at limit ${lane.batch} for update skip locked))`
  const rows = await db
    .update(outbox)
    .set({ attempts: sql`${outbox.attempts} + 1`, due_at: sql`now() + make_interval(secs => ${lease})` })
    .where(sql`${outbox.id} = ${due}`)
    .returning({
      id: outbox.id,
      realm: outbox.realm,
      kind: outbox.kind,
      recipient: outbox.recipient,
      data: outbox.data,
      created: outbox.created,
      attempts: outbox.attempts,
    })
  return rows.map(row => ({ ...row, kind: row.kind, data: row.data ?? {} }) as QueuedMail)
}

/** Done with: nothing of the mail's making is kept. */
export async function settleMail(
  {
    database: {
      platform: { db },
    },
  }: App,
  mail: QueuedMail,
): Promise<void> {
  await db
    .update(outbox)
    .set({ sent_at: sql`now()`, data: null, last_error: null })
    .where(stillOurs(mail))
}

/** There was nothing to send, and nothing says that it was asked for. */
export async function dropMail(
  {
    database: {
      platform: { db },
    },
  }: App,
  mail: QueuedMail,
): Promise<void> {
  await db.delete(outbox).where(stillOurs(mail))
}

/**
 * Notes that it could not be sent, to be tried again later and later.
 * @param final no use in trying again
 * @returns whether it was given up
 */
export async function postponeMail(
  {
    database: {
      platform: { db },
    },
  }: App,
  mail: QueuedMail,
  error: string,
  final: boolean,
): Promise<boolean> {
  const givenUp = final || mail.attempts >= attemptsLimit
  const wait = Math.min(2 ** (mail.attempts - 1), longestWait)
  await db
    .update(outbox)
    .set({
      last_error: error.slice(0, 500),
      ...(givenUp ? { given_up_at: sql`now()` } : { due_at: sql`now() + make_interval(secs => ${wait})` }),
    })
    .where(stillOurs(mail))
  return givenUp
}

/**
 * Has mails tried again at once that were given up, or wait longer than a lease lasts: one that a process may just be
 * sending is not sent twice.
 * @param only one of them, or all
 * @returns how many
 */
export async function retryMails(tx: Db, only?: string): Promise<number> {
  const waits = and(isNull(outbox.given_up_at), sql`${outbox.due_at} > now() + make_interval(secs => ${lease})`)
  const rows = await tx
    .update(outbox)
    .set({ given_up_at: null, due_at: sql`now()` })
    .where(
      and(
        only === undefined ? undefined : eq(outbox.id, only),
        isNull(outbox.sent_at),
        or(isNotNull(outbox.given_up_at), waits),
      ),
    )
    .returning({ id: outbox.id })
  if (rows.length > 0) await wakeMails(tx)
  return rows.length
}

/** @returns milliseconds until the next mail is due, 0 for one that is, or undefined where there is none */
export async function nextMailDue(
  {
    database: {
      platform: { db },
    },
  }: App,
  lane: Lane,
): Promise<number | undefined> {
  const rows = await db
    .select({ wait: sql<number | null>`(extract(epoch from min(${outbox.due_at}) - now()) * 1000)::float8` })
    .from(outbox)
    .where(and(pending, unheld, isIn(lane)))
  const wait = rows[0]?.wait
  return wait === null || wait === undefined ? undefined : Math.max(0, wait)
}

/** Forgets mails that were sent, or given up, long ago. @returns how many */
export async function purgeOutbox({
  database: {
    platform: { db },
  },
}: App): Promise<number> {
  const old = new Date(Date.now() - keptDays * 86_400_000)
  const rows = await db
    .delete(outbox)
    .where(or(lt(outbox.sent_at, old), lt(outbox.given_up_at, old)))
    .returning({ id: outbox.id })
  return rows.length
}

const pending = and(isNull(outbox.sent_at), isNull(outbox.given_up_at))!

// Of a tenant that is closed they wait until it is open again: the links in them lead nowhere meanwhile.
const unheld = sql`not exists (select from platform.tenants t where t.id = nullif(realm, 'platform')::uuid and (t.status <> 'active' or t.maintenance_since is not null))`

function isIn({ searches }: Lane) {
  return searches ? eq(outbox.kind, 'organizations') : ne(outbox.kind, 'organizations')
}

// A process that was thought dead, and another has taken over from, has no say any more.
function stillOurs(mail: QueuedMail) {
  return and(eq(outbox.id, mail.id), eq(outbox.attempts, mail.attempts), pending)
}
