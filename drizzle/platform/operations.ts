import { sql } from 'drizzle-orm'
import { index, integer, jsonb, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import type { TableFactory } from '#drizzle/table-factory.ts'
import { id, moment } from '#drizzle/table-factory.ts'
import { operationKinds, operationStates, operationStops } from '#shared/operations.ts'

/** Long work. */
export function operationTables(table: TableFactory) {
  /**
   * Long work, mostly on one tenant. It runs in the background and reports its progress. If a process dies, another one
   * finishes it.
   */
  const operations = table(
    'operations',
    {
      id: id(),
      kind: text({ enum: operationKinds }).notNull(),
      /**
       * The tenant; null for a tenant that does not exist yet, and for work on all tenants. No foreign key: the row
       * outlives the tenant.
       */
      tenant: uuid(),
      state: text({ enum: operationStates }).notNull().default('queued'),
      /** The input of this kind of operation, such as the name of a file. */
      input: jsonb().$type<Record<string, unknown>>().notNull().default({}),
      result: jsonb().$type<Record<string, unknown>>(),
      /** The current step and its progress. */
      step: text(),
      done: integer().notNull().default(0),
      total: integer().notNull().default(0),
      /** How often a process has claimed it. A process may no longer write after another one has claimed it. */
      attempts: integer().notNull().default(0),
      error: text(),
      /** Why the work shall end early, where it can; null: it shall not. */
      stop: text({ enum: operationStops }),
      requested_by: uuid(),
      created: moment().notNull(),
      started_at: moment(),
      /** The end of the lease. It is renewed while a process works on it; after that, any process may claim it. */
      lease_until: moment(),
      finished_at: moment(),
    },
    operations => [
      index('operations_created').on(operations.created),
      index('operations_tenant').on(operations.tenant, operations.created),
      index('operations_open')
        .on(operations.created)
        .where(sql`state in ('queued', 'running')`),
      uniqueIndex('operations_one_each')
        .on(operations.tenant)
        .where(sql`state in ('queued', 'running')`),
    ],
  )

  return { operations }
}
