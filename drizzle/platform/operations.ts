import { sql } from 'drizzle-orm'
import { index, integer, jsonb, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import type { TableFactory } from '#drizzle/table-factory.ts'
import { id, moment } from '#drizzle/table-factory.ts'
import { operationKinds, operationStates } from '#shared/operations.ts'

/** Long work. */
export function operationTables(table: TableFactory) {
  /**
   * Long work, most of it on one tenant: done in the background, watched, finished by another process where one
   * dies.
   */
  const operations = table(
    'operations',
    {
      id: id(),
      kind: text({ enum: operationKinds }).notNull(),
      /**
       * What it is about; null where it makes a new tenant that is not there yet, or is about all. No foreign key:
       * the record outlives it.
       */
      tenant: uuid(),
      state: text({ enum: operationStates }).notNull().default('queued'),
      /** What the kind needs to know, such as the name of a file. */
      input: jsonb().$type<Record<string, unknown>>().notNull().default({}),
      result: jsonb().$type<Record<string, unknown>>(),
      /** What is being done just now, and how far it is. */
      step: text(),
      done: integer().notNull().default(0),
      total: integer().notNull().default(0),
      /** How often a process has taken it up; its say ends when another has. */
      attempts: integer().notNull().default(0),
      error: text(),
      requested_by: uuid(),
      created: moment().notNull(),
      started_at: moment(),
      /** Renewed while a process works on it; past, it is anyone's to take up. */
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
