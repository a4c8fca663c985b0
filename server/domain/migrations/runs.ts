import { and, desc, eq, inArray, sql } from 'drizzle-orm'
import type { Migration } from '#server/database/migrations/files.ts'
import { targetVersion } from '#server/database/migrations/files.ts'
import type { Db } from '#server/database/realms.ts'
import { recordAudit } from '#server/domain/audit/audit.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import { enqueueOperation } from '#server/domain/operations/enqueue.ts'
import type { OperationRow } from '#server/domain/operations/operations.ts'
import { operationColumns } from '#server/domain/operations/operations.ts'
import type { Unsent } from '#shared/answers/fields.ts'
import type { migrationRunAnswer } from '#shared/answers/migrations.ts'
import { conflict } from '#shared/errors.ts'
import type { OperationStop } from '#shared/operations.ts'
import type { RunOptions, RunOutcome } from './options.ts'
import { runOptions } from './options.ts'

type MigrationRun = Unsent<typeof migrationRunAnswer>

const openStates = ['queued', 'running'] as const

/**
 * Queues a migration of all tenants, unless one is queued or running. One that was paused goes on as it was begun.
 * @param migrations of a tenant's schema
 * @param options those that differ from the usual ones
 * @param held because the caller does the work itself
 * @returns the run's operation
 * @throws ApiError 409 while another version is migrated to, or while such a run by a newer program is paused
 */
export async function requestFleetMigration(
  app: App,
  audit: AuditContext,
  migrations: Migration[],
  options: Partial<Omit<RunOptions, 'target'>> = {},
  held = false,
): Promise<string> {
  const { platform } = app.database
  const target = targetVersion(migrations)
  return platform.transaction(async tx => {
    // Two requests at once are one.
    await tx.execute(sql`select pg_advisory_xact_lock(7265005)`)
    const last = await findLast(app, tx)
    await recordAudit(tx, platform, audit, { action: 'tenants.migrated' })
    const isPaused = last !== undefined && outcomeOf(last) === 'paused'
    const isOther = last !== undefined && targetOf(last) !== target
    const isNewer = isOther && !migrations.some(({ name }) => name === targetOf(last))
    if (last && ((isOpen(last) && isOther) || (isPaused && isNewer)))
      throw conflict('A migration to another version is under way.', 'busy')
    if (last && isOpen(last)) return last.id
    const input = runOptions.parse({ ...(isPaused ? last.input : {}), only_failed: false, ...options, target })
    return enqueueOperation(tx, app, audit, { kind: 'migration', tenant: null, input }, held)
  })
}

/**
 * Tells the run that is queued or running to stop, after what it has begun.
 * @returns whether there is one
 */
export async function stopFleetMigration(app: App, audit: AuditContext, stop: OperationStop): Promise<boolean> {
  const { platform } = app.database
  const { operations } = platform.tables
  return platform.transaction(async tx => {
    const rows = await tx
      .update(operations)
      .set({ stop })
      .where(and(eq(operations.kind, 'migration'), inArray(operations.state, openStates)))
      .returning({ id: operations.id })
    const isStopped = rows.length > 0
    if (isStopped && stop === 'pause') await recordAudit(tx, platform, audit, { action: 'tenants.migration_paused' })
    return isStopped
  })
}

/** The current migration of all tenants, or the last one. */
export async function lastFleetMigration(app: App): Promise<MigrationRun | null> {
  const operation = await findLast(app, app.database.platform.db)
  return operation ? presentRun(operation) : null
}

async function findLast(app: App, db: Db): Promise<RunRow | undefined> {
  const { operations } = app.database.platform.tables
  const rows = await db
    .select({ ...operationColumns(operations), stop: operations.stop })
    .from(operations)
    .where(eq(operations.kind, 'migration'))
    .orderBy(desc(operations.created), desc(operations.id))
    .limit(1)
  return rows[0]
}

type RunRow = OperationRow & { stop: OperationStop | null }

/** A run as the API shows it. */
function presentRun(run: RunRow): MigrationRun {
  const { state, step, created, started_at, finished_at, done, total, result, error, stop } = run
  const { failed = 0 } = (result ?? {}) as { failed?: number }
  return {
    is_running: isOpen(run),
    is_stopping: isOpen(run) && stop !== null,
    outcome: outcomeOf(run),
    target: targetOf(run),
    step: state === 'running' ? step : null,
    started: started_at ?? created,
    ended: finished_at,
    finished: done,
    total,
    failed,
    error,
  }
}

function isOpen({ state }: OperationRow): boolean {
  return (openStates as readonly string[]).includes(state)
}

/** @returns null while it is open */
function outcomeOf(run: OperationRow): RunOutcome | null {
  if (isOpen(run)) return null
  const { outcome } = (run.result ?? {}) as { outcome?: RunOutcome }
  return outcome ?? (run.state === 'done' ? 'completed' : 'failed')
}

function targetOf({ input }: OperationRow): string | null {
  return typeof input.target === 'string' ? input.target : null
}
