import { pgTable } from 'drizzle-orm/pg-core'
import type { TableFactory } from '../table-factory.ts'
import { tenantTables } from './schema.ts'

// drizzle-kit reads a module's exports; nothing else imports this file.
export const { departments, invitations, settings } = tenantTables(pgTable as unknown as TableFactory)
