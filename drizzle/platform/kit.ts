import { pgTable } from 'drizzle-orm/pg-core'
import type { TableFactory } from '../table-factory.ts'
import { platformTables } from './schema.ts'

// drizzle-kit reads a module's exports; nothing else imports this file.
export const { tenants, domains, former_subdomains, tombstones, signups, spare_schemas, operations, tenant_days, support_accesses, schema_versions, rate_limits, outbox } = platformTables(pgTable as unknown as TableFactory)
