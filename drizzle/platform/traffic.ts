import { bigint, date, index, integer, primaryKey, uuid, varchar } from 'drizzle-orm/pg-core'
import type { TableFactory } from '#drizzle/table-factory.ts'
import type { TenantTables } from './tenants.ts'

/** Counts of requests: by tenant, and by clients for the limits. */
export function trafficTables(table: TableFactory, { tenants }: Pick<TenantTables, 'tenants'>) {
  return {
    tenant_days: tenantDaysTable(table, tenants),
    rate_limits: rateLimitsTable(table),
  }
}

/** What each tenant's portal was asked, by day (UTC), as far as the processes have written it down. */
function tenantDaysTable(table: TableFactory, tenants: TenantTables['tenants']) {
  return table(
    'tenant_days',
    {
      tenant: uuid()
        .notNull()
        .references(() => tenants.id, { onDelete: 'cascade' }),
      day: date({ mode: 'string' }).notNull(),
      requests: integer().notNull().default(0),
      /** Answers with a status of 500 or above. */
      errors: integer().notNull().default(0),
      sign_ins: integer().notNull().default(0),
      failed_sign_ins: integer().notNull().default(0),
    },
    days => [primaryKey({ columns: [days.tenant, days.day] })],
  )
}

/** Counters of rate-limiter-flexible, which names these columns. */
function rateLimitsTable(table: TableFactory) {
  return table(
    'rate_limits',
    {
      key: varchar({ length: 255 }).primaryKey(),
      points: integer().notNull().default(0),
      expire: bigint({ mode: 'number' }),
    },
    limits => [index('rate_limits_expire').on(limits.expire)],
  )
}
