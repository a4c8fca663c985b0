import { reasonOf } from '#server/database/errors.ts'
import type { Migration } from '#server/database/migrations/files.ts'
import type { FleetOptions, FleetReport } from '#server/database/migrations/fleet.ts'
import { migrateFleet } from '#server/database/migrations/fleet.ts'
import { withDatabase } from '#server/database/with-database.ts'
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

interface State {
  app: App
  databaseUrl: string
  migrations: Migration[]
  stopping: AbortController
  current: FleetRun | null
  running: Promise<void> | undefined
}

/**
 * Migrations from the console. They use separate connections, because a migration may take longer than a request's
 * statement.
 */
export function createFleetRuns(app: App, databaseUrl: string, migrations: Migration[]): FleetRuns {
  const stopping = new AbortController()
  const state: State = { app, databaseUrl, migrations, stopping, current: null, running: undefined }
  return {
    start: () => start(state),
    last: () => state.current,
    migrateOne: subdomain => migrate(state, { parallel: 1, subdomain }),
    async stop() {
      stopping.abort()
      await state.running
    },
  }
}

function start(state: State): FleetRun {
  if (state.current?.is_running) return state.current
  const run: FleetRun = { is_running: true, started: new Date(), ended: null, finished: 0, total: 0, failed: 0 }
  state.current = run
  state.running = migrateAll(state, run)
  return run
}

async function migrateAll(state: State, run: FleetRun): Promise<void> {
  const { log } = state.app
  try {
    const { target, done, skipped, failed } = await migrate(state, {
      parallel,
      signal: state.stopping.signal,
      onProgress: (finished, total) => Object.assign(run, { finished, total }),
    })
    run.failed = failed.length
    log.info({ event: 'fleet_migrated', target, done, skipped, failed: failed.length })
  } catch (error) {
    log.warn({ event: 'fleet_migration_failed', reason: reasonOf(error) })
  } finally {
    Object.assign(run, { is_running: false, ended: new Date() })
  }
}

function migrate({ app, databaseUrl, migrations }: State, options: FleetOptions): Promise<FleetReport> {
  const slots = {
    size: 1 + parallel,
    statementShare: 1,
    prepare: app.config.dbPrepare,
    statementTimeout: 600_000,
    lockTimeout: 10_000,
    applicationName: 'tenantry-migrate',
  }
  return withDatabase(databaseUrl, slots, database => migrateFleet(database, migrations, options))
}
