import { reasonOf } from '#server/database/errors.ts'
import type { Migration } from '#server/database/migrations/files.ts'
import type { FleetReport } from '#server/database/migrations/fleet.ts'
import { migrateFleet } from '#server/database/migrations/fleet.ts'
import type { Database } from '#server/database/realms.ts'
import { createDatabase } from '#server/database/realms.ts'
import { createSlots } from '#server/database/slots/slots.ts'
import type { App } from '#server/domain/context.ts'
import type { Unsent } from '#shared/answers/fields.ts'
import type { migrationRunAnswer } from '#shared/answers/platform.ts'

/** Of this process; the database has the actual state of the fleet. */
export type FleetRun = Unsent<typeof migrationRunAnswer>

export interface FleetRuns {
  /** Starts a migration of all tenants, unless one is running in this process. @returns the run */
  start(): FleetRun
  /** The current run of this process, or the last one. */
  last(): FleetRun | null
  /** Migrates one tenant. */
  migrateOne(subdomain: string): Promise<FleetReport>
  /** Stops after the migrations in progress; the next run does the rest. */
  stop(): Promise<void>
}

const parallel = 2

/**
 * Migrations from the console. They use separate connections, because a migration may take longer than a request's
 * statement.
 */
export function createFleetRuns({ config, log }: App, databaseUrl: string, migrations: Migration[]): FleetRuns {
  const stopping = new AbortController()
  let current: FleetRun | null = null
  let running: Promise<void> | undefined

  return {
    start,
    last: () => current,
    migrateOne: subdomain => withDatabase(database => migrateFleet(database, migrations, { parallel: 1, subdomain })),
    async stop() {
      stopping.abort()
      await running
    },
  }

  function start(): FleetRun {
    if (current?.is_running) return current
    current = { is_running: true, started: new Date(), ended: null, finished: 0, total: 0, failed: 0 }
    running = run(current)
    return current
  }

  async function run(state: FleetRun): Promise<void> {
    try {
      const report = await withDatabase(database =>
        migrateFleet(database, migrations, {
          parallel,
          signal: stopping.signal,
          onProgress: (finished, total) => Object.assign(state, { finished, total }),
        }),
      )
      state.failed = report.failed.length
      log.info({
        event: 'fleet_migrated',
        target: report.target,
        done: report.done,
        skipped: report.skipped,
        failed: report.failed.length,
      })
    } catch (error) {
      log.warn({ event: 'fleet_migration_failed', reason: reasonOf(error) })
    } finally {
      Object.assign(state, { is_running: false, ended: new Date() })
    }
  }

  async function withDatabase<T>(work: (database: Database) => Promise<T>): Promise<T> {
    const database = createDatabase(
      createSlots(databaseUrl, {
        size: 1 + parallel,
        statementShare: 1,
        prepare: config.dbPrepare,
        statementTimeout: 600_000,
        lockTimeout: 10_000,
        applicationName: 'tenantry-migrate',
      }),
    )
    try {
      return await work(database)
    } finally {
      await database.end()
    }
  }
}
