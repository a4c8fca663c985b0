import type { TableFactory } from '#drizzle/table-factory.ts'
import { operationTables } from './operations.ts'
import { outboxTables } from './outbox.ts'
import { schemaTables } from './schemas.ts'
import { signupTables } from './signups.ts'
import { supportTables } from './support.ts'
import { tenantTables } from './tenants.ts'
import { trafficTables } from './traffic.ts'

/** The tables of the platform's schema in addition to a realm's tables, whose users are the operators. */
export function platformTables(table: TableFactory) {
  const tenants = tenantTables(table)
  return {
    ...tenants,
    ...signupTables(table),
    ...schemaTables(table),
    ...operationTables(table),
    ...trafficTables(table, tenants),
    ...supportTables(table, tenants),
    ...outboxTables(table),
  }
}

export type PlatformTables = ReturnType<typeof platformTables>
