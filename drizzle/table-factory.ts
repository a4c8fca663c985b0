import type { PgSchema } from 'drizzle-orm/pg-core'
import { timestamp, uuid } from 'drizzle-orm/pg-core'

/**
 * What makes a table: `pgSchema(name).table` at run time, so that every query names its schema,
 * and plain `pgTable` for drizzle-kit, so that the SQL it generates names none.
 */
export type TableFactory = PgSchema['table']

export const id = () => uuid().primaryKey()
export const moment = () => timestamp({ withTimezone: true, mode: 'date' })
