import { text } from 'drizzle-orm/pg-core'
import type { TableFactory } from '#drizzle/table-factory.ts'
import { moment } from '#drizzle/table-factory.ts'

/** What requests with an Idempotency-Key were answered. */
export function idempotencyKeysTable(table: TableFactory) {
  return table('idempotency_keys', {
    /** Derived from the header's value and its user; neither is stored. See server/domain/idempotency/derive.ts. */
    key: text().primaryKey(),
    /** Of the request that used the key first. */
    digest: text().notNull(),
    /** Encrypted with another key derived from the header's value; null until there is one. */
    answer: text(),
    created: moment().notNull(),
  })
}
