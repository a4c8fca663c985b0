import { z } from 'zod'
import { count, id, page, time } from './fields.ts'

export const migrationState = z.enum(['current', 'behind', 'failed', 'missing'])
export type MigrationState = z.output<typeof migrationState>

export const tenantMigrationAnswer = z.strictObject({
  tenant: id(),
  name: z.string(),
  subdomain: z.string(),
  version: z.string().nullable(),
  state: migrationState,
  error: z.string().nullable(),
  updated: time().nullable(),
})
export type TenantMigration = z.output<typeof tenantMigrationAnswer>

export const migrationRunAnswer = z.strictObject({
  is_running: z.boolean(),
  is_stopping: z.boolean().describe('Whether it was paused, and still finishes what it has begun.'),
  outcome: z
    .enum(['completed', 'paused', 'interrupted', 'halted', 'failed'])
    .nullable()
    .describe('Null while it runs.'),
  target: z.string().nullable().describe('The version to which it migrates.'),
  step: z.string().nullable(),
  started: time(),
  ended: time().nullable(),
  finished: count(),
  total: count(),
  failed: count(),
  error: z.string().nullable().describe('Why the run could not be finished.'),
})
export type MigrationRun = z.output<typeof migrationRunAnswer>

/** The fleet's migrations, with the tenants' in a page. */
export const migrationsAnswer = page(tenantMigrationAnswer).extend({
  target: z.string().nullable().describe('The newest version.'),
  counts: z.partialRecord(migrationState, count()),
  run: migrationRunAnswer.nullable().describe('The current or last run.'),
})

/** What a migration of all tenants would do. */
export const migrationPlanAnswer = z.strictObject({
  target: z.string().describe('The newest version.'),
  tenants: count().describe('Organisations that lack a migration.'),
  largest: z
    .array(z.strictObject({ subdomain: z.string(), bytes: count() }))
    .describe('Those with the largest tables among the ones that it touches.'),
  migrations: z.array(
    z.strictObject({
      name: z.string(),
      tenants: count().nullable().describe("Organisations that lack it; null for the platform's own schema."),
      needs: z.string().nullable().describe('A program must know this migration to work with it.'),
      is_concurrent: z
        .boolean()
        .describe('Whether it makes an index while rows are written, outside of a transaction.'),
      statements: z.array(
        z.strictObject({
          text: z.string(),
          lock: z.string().nullable().describe('The lock on a table that is in use; null: none.'),
        }),
      ),
      tables: z.array(
        z.strictObject({
          name: z.string(),
          rows: count()
            .nullable()
            .describe('In all these schemas together, as PostgreSQL estimates; null where it has no estimate.'),
          bytes: count().describe('With its indexes.'),
        }),
      ),
    }),
  ),
  breaking: z
    .array(z.string())
    .describe('The migrations with which the version before does not work. Its processes must be stopped before.'),
})
export type MigrationPlan = z.output<typeof migrationPlanAnswer>

/** The migration of one tenant. */
export const tenantMigrationResultAnswer = z.strictObject({
  target: z.string().nullable(),
  error: z.string().nullable(),
})
