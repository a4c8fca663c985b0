import { sql } from 'drizzle-orm'
import { pgSchema } from 'drizzle-orm/pg-core'
import { platformTables } from '#drizzle/platform/schema.ts'
import { newId } from '#server/database/ids.ts'
import type { Db } from '#server/database/realms.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import { currentSpan } from '#server/tracing/spans.ts'
import type { NewMail, NewSiteMail } from './kinds.ts'

/** The channel on which processes tell each other that there is mail. */
export const outboxChannel = 'tenantry_outbox'

/** The table is in the platform's schema; transactions of every realm write to it. */
export const { outbox } = platformTables(pgSchema('platform').table)

/**
 * Queues a mail in the transaction that causes it. The mail exists if and only if the transaction commits, whatever
 * happens to this process or the mail server.
 */
export function enqueueMail(tx: Db, authRealm: AuthRealm, mail: NewMail): Promise<void> {
  return insertMails(tx, authRealm.id, [mail])
}

/** Queues several mails in one statement. */
export function enqueueMails(tx: Db, authRealm: AuthRealm, mails: NewMail[]): Promise<void> {
  return insertMails(tx, authRealm.id, mails)
}

/** Queues a mail of the site. */
export function enqueueSiteMail(tx: Db, mail: NewSiteMail): Promise<void> {
  return insertMails(tx, 'platform', [mail])
}

async function insertMails(tx: Db, realm: string, mails: (NewMail | NewSiteMail)[]): Promise<void> {
  if (mails.length === 0) return
  const created = new Date()
  // As PostgreSQL's clock says, which decides when it is due: ours may be ahead.
  const due_at = sql`now()`
  const rows = mails.map(({ kind, to, data }) => ({ id: newId(), realm, kind, recipient: to, data, created, due_at }))
  await tx.insert(outbox).values(rows)
  // Leads from the trace of a request to that of its mail.
  if (rows.length === 1) currentSpan()?.set({ 'tenantry.mail': rows[0]!.id })
  await wakeMails(tx)
}

/** Tells every process, when the transaction commits, that there may be mail to send. */
export async function wakeMails(tx: Db): Promise<void> {
  await tx.execute(sql`select pg_notify(${outboxChannel}, '')`)
}
