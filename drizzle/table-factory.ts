import type { PgSchema } from 'drizzle-orm/pg-core'
import { timestamp, uuid } from 'drizzle-orm/pg-core'

/**
 * Creates a table: `pgSchema(name).table` at run time, so that every query names its schema; plain `pgTable` for
 * drizzle-kit, so that its SQL names none.
 */
export type TableFactory = PgSchema['table']

export const id = () => uuid().primaryKey()
export const moment = () => timestamp({ withTimezone: true, mode: 'date' })
