import { pgTable } from 'drizzle-orm/pg-core'
import type { TableFactory } from '../table-factory.ts'
import { realmTables } from './schema.ts'

// drizzle-kit reads a module's exports; nothing else imports this file.
export const { users, sessions, signing_keys, one_time_tokens, audit_events } = realmTables(pgTable as unknown as TableFactory)
