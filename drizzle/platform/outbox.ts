import { sql } from 'drizzle-orm'
import { index, integer, jsonb, text, varchar } from 'drizzle-orm/pg-core'
import type { TableFactory } from '#drizzle/table-factory.ts'
import { id, moment } from '#drizzle/table-factory.ts'

/** The queue of mails. */
export function outboxTables(table: TableFactory) {
  /** Mails to send, each inserted in the transaction that causes it; server/domain/mail/delivery.ts sends them. */
  const outbox = table(
    'outbox',
    {
      id: id(),
      /** The tenant's id, or `platform`. No foreign key, so that a mail does not block the deletion of its tenant. */
      realm: varchar({ length: 36 }).notNull(),
      kind: text().notNull(),
      recipient: varchar({ length: 254 }).notNull(),
      /** The data of the text, never a link's token; erased when the mail is sent. */
      data: jsonb().$type<Record<string, unknown>>(),
      created: moment().notNull(),
      /** The time of the next attempt; while a process is sending, the end of its lease. */
      due_at: moment().notNull(),
      attempts: integer().notNull().default(0),
      last_error: text(),
      sent_at: moment(),
      given_up_at: moment(),
    },
    outbox => [
      index('outbox_due')
        .on(outbox.due_at)
        .where(sql`sent_at is null and given_up_at is null`),
      index('outbox_created').on(outbox.created),
      index('outbox_recipient').on(outbox.realm, outbox.recipient, outbox.created),
    ],
  )

  return { outbox }
}
