import { and, desc, eq, inArray } from 'drizzle-orm'
import type { Migration } from '#server/database/migrations/files.ts'
import type { FleetOptions, FleetReport } from '#server/database/migrations/fleet.ts'
import { migrateFleet } from '#server/database/migrations/fleet.ts'
import type { Db } from '#server/database/realms.ts'
import { withDatabase } from '#server/database/with-database.ts'
import { recordAudit } from '#server/domain/audit/audit.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import { enqueueOperation } from '#server/domain/operations/enqueue.ts'
import type { OperationRow } from '#server/domain/operations/operations.ts'
import { operationColumns } from '#server/domain/operations/operations.ts'
import type { OperationWork } from '#server/domain/operations/work.ts'
import type { Unsent } from '#shared/answers/fields.ts'
import type { migrationRunAnswer } from '#shared/answers/platform.ts'

type MigrationRun = Unsent<typeof migrationRunAnswer>

const parallel = 2

/** Queues a migration of all tenants, unless one is queued or running. @returns that run */
export async function requestFleetMigration(app: App, audit: AuditContext): Promise<MigrationRun> {
  const { platform } = app.database
  await platform.transaction(async tx => {
    await recordAudit(tx, platform, audit, { action: 'tenants.migrated' })
    if (!(await findRun(app, tx, true))) await enqueueOperation(tx, app, audit, { kind: 'migration', tenant: null })
  })
  return (await lastFleetMigration(app))!
}

/** The current migration of all tenants, or the last one. */
export async function lastFleetMigration(app: App): Promise<MigrationRun | null> {
  const operation = await findRun(app, app.database.platform.db, false)
  return operation ? presentRun(operation) : null
}

async function findRun(app: App, db: Db, isOpen: boolean): Promise<OperationRow | undefined> {
  const { operations } = app.database.platform.tables
  const rows = await db
    .select(operationColumns(operations))
    .from(operations)
    .where(and(eq(operations.kind, 'migration'), isOpen ? inArray(operations.state, ['queued', 'running']) : undefined))
    .orderBy(desc(operations.created), desc(operations.id))
    .limit(1)
  return rows[0]
}

function presentRun({ state, created, finished_at, done, total, result, error }: OperationRow): MigrationRun {
  const { failed = 0 } = (result ?? {}) as { failed?: number }
  const is_running = state === 'queued' || state === 'running'
  return { is_running, started: created, ended: finished_at, finished: done, total, failed, error }
}

/** Migrates all tenants. A restart continues, as each tenant's schema is migrated completely or not at all. */
export const migrateTenants: OperationWork = async (app, _operation, report, migrations) => {
  report.begin('Migrating the schemas')
  const { target, done, skipped, failed } = await migrate(app, migrations.tenant, {
    parallel,
    signal: report.signal,
    onProgress: (finished, total) => {
      if (finished === 1) report.begin('Migrating the schemas', total)
      report.advance()
    },
  })
  // Throws if the run was interrupted.
  report.advance(0)
  app.log.info({ event: 'fleet_migrated', target, done, skipped, failed: failed.length })
  return { target, done, skipped, failed: failed.length }
}

/** Migrates one tenant, now. */
export function migrateTenant(app: App, migrations: Migration[], subdomain: string): Promise<FleetReport> {
  return migrate(app, migrations, { parallel: 1, subdomain })
}

// On separate connections, because a migration may take longer than a request's statement.
function migrate(app: App, migrations: Migration[], options: FleetOptions): Promise<FleetReport> {
  const slots = {
    size: 1 + parallel,
    statementShare: 1,
    statementTimeout: 600_000,
    lockTimeout: 10_000,
    applicationName: 'tenantry-migrate',
  }
  return withDatabase(app, slots, database => migrateFleet(database, migrations, options))
}
