import { eq } from 'drizzle-orm'
import type { Migration } from '#server/database/migrations/files.ts'
import type { FleetOptions, FleetReport } from '#server/database/migrations/fleet.ts'
import { migrateFleet } from '#server/database/migrations/fleet.ts'
import { usualCanaries } from '#server/database/migrations/waves.ts'
import { withDatabase } from '#server/database/with-database.ts'
import type { App } from '#server/domain/context.ts'
import type { OperationReport } from '#server/domain/operations/report.ts'
import type { OperationWork } from '#server/domain/operations/work.ts'
import { WorkFailed } from '#server/domain/operations/work.ts'
import type { OperationStop } from '#shared/operations.ts'
import type { RunOptions, RunOutcome } from './options.ts'
import { runOptions } from './options.ts'

/** Migrates all tenants. A restart continues, as each tenant's schema is migrated completely or not at all. */
export const migrateTenants: OperationWork = async (app, { id, input }, report, migrations) => {
  report.begin('Migrating the schemas')
  const stop = await watchStop(app, id)
  try {
    const run = await migrateAll(app, migrations.tenant, runOptions.parse(input), report, stop.signal)
    // Throws if this process has to end, or another one has taken over.
    report.signal.throwIfAborted()
    const outcome = outcomeOf(run, stop.reason())
    const { target, done, skipped } = run
    const result = { target, outcome, done, skipped, failed: run.failed.length }
    app.log.info({ event: 'fleet_migrated', ...result })
    if (run.halted !== null) throw new WorkFailed(`Halted: ${run.halted}`, result)
    if (outcome === 'failed') throw new WorkFailed('Not all organisations could be migrated.', result)
    return result
  } finally {
    stop.end()
  }
}

function outcomeOf({ interrupted, halted, failed }: FleetReport, reason: OperationStop | null): RunOutcome {
  if (halted !== null) return 'halted'
  if (!interrupted) return failed.length > 0 ? 'failed' : 'completed'
  return reason === 'pause' ? 'paused' : 'interrupted'
}

/** Migrates one tenant, now. */
export function migrateTenant(app: App, migrations: Migration[], subdomain: string): Promise<FleetReport> {
  return migrate(app, migrations, { parallel: 1, subdomain })
}

async function migrateAll(
  app: App,
  migrations: Migration[],
  { canaries, batch, max_errors, parallel, only_failed }: RunOptions,
  report: OperationReport,
  stopped: AbortSignal,
): Promise<FleetReport> {
  const { tenants } = app.database.platform.tables
  let step = 'Migrating the schemas'
  return migrate(app, migrations, {
    parallel,
    batch,
    maxErrors: max_errors,
    onlyFailed: only_failed,
    // One that has failed before is not a first one.
    canaries: only_failed ? 0 : (canaries ?? usualCanaries(await app.database.platform.db.$count(tenants))),
    signal: AbortSignal.any([report.signal, stopped]),
    onWave: ({ isCanaries, number, count }) => {
      step = isCanaries ? 'Migrating the first organisations' : `Migrating wave ${number} of ${count}`
    },
    onProgress: (finished, total) => report.begin(step, total, finished),
  })
}

// On separate connections, because a migration may take longer than a request's statement.
function migrate(app: App, migrations: Migration[], options: FleetOptions): Promise<FleetReport> {
  const slots = {
    size: 1 + options.parallel,
    statementShare: 1,
    statementTimeout: 600_000,
    lockTimeout: 10_000,
    applicationName: 'tenantry-migrate',
  }
  return withDatabase(app, slots, database => migrateFleet(database, migrations, options))
}

/** Milliseconds between two looks. */
const stopPause = 500

/** Watches whether an operation shall stop, whoever says so. */
async function watchStop(
  { database: { platform } }: App,
  id: string,
): Promise<{ signal: AbortSignal; reason(): OperationStop | null; end(): void }> {
  const { operations } = platform.tables
  const controller = new AbortController()
  let reason: OperationStop | null = null
  const look = async () => {
    const rows = await platform.db.select({ stop: operations.stop }).from(operations).where(eq(operations.id, id))
    reason ??= rows[0]?.stop ?? null
    if (reason !== null) controller.abort()
  }
  await look()
  // The next look may succeed.
  const timer = setInterval(() => void look().catch(() => {}), stopPause)
  return { signal: controller.signal, reason: () => reason, end: () => clearInterval(timer) }
}
