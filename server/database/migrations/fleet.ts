import { sql } from 'drizzle-orm'
import type { Database } from '#server/database/realms.ts'
import { describeFailure } from './failures.ts'
import type { Migration } from './files.ts'
import { targetVersion } from './files.ts'
import type { FleetRow } from './fleet-rows.ts'
import { isCurrent, readFleet } from './fleet-rows.ts'
import { attemptsLimit, delayAfter, isWorthRetrying } from './retries.ts'
import { migrateSchema } from './runner.ts'
import { migrateSpares } from './spare-schemas.ts'
import type { Throttle } from './throttle.ts'
import { createThrottle } from './throttle.ts'
import type { Wave } from './waves.ts'
import { divide } from './waves.ts'
import { workThrough } from './work-queue.ts'

export interface FleetReport {
  target: string
  done: number
  failed: { subdomain: string; schema: string; error: string }[]
  skipped: number
  /** True when `signal` stopped the run early. */
  interrupted: boolean
  /** Why the run stopped by itself: too many have failed. */
  halted: string | null
}

export interface FleetOptions {
  /** How many schemas at most are migrated at the same time. */
  parallel: number
  /** Only this tenant. */
  subdomain?: string
  /** Only those that have failed before. */
  onlyFailed?: boolean
  dryRun?: boolean
  /**
   * The tenants that come first, by subdomain, or how many of the smallest; none by default. If one fails, the run
   * halts.
   */
  canaries?: string[] | number
  /** How many tenants make up each wave after the first ones; all by default. */
  batch?: number
  /** The run halts when more than these have failed; any number may by default. */
  maxErrors?: number
  /** How often a tenant is tried while something else holds a lock of it. */
  attempts?: number
  onProgress?: (finished: number, total: number) => void
  onWave?: (wave: Wave) => void
  /** Stops the run after the migrations in progress. */
  signal?: AbortSignal
}

/**
 * Migrates every tenant's schema to the newest version, wave by wave. A tenant is migrated completely or not at all, up
 * to an index that is created concurrently. A failure is recorded and does not stop the others, until there are too
 * many. The next run continues one that was cut off. Spare schemas follow, and tenants that were created meanwhile.
 */
export async function migrateFleet(
  database: Database,
  migrations: Migration[],
  options: FleetOptions,
): Promise<FleetReport> {
  const rows = await readFleet(database, migrations, options)
  const report: FleetReport = {
    target: targetVersion(migrations),
    done: 0,
    failed: [],
    skipped: 0,
    interrupted: false,
    halted: null,
  }
  const throttle = createThrottle(options.parallel)
  const run: FleetRun = { database, migrations, options, report, throttle, total: rows.length, seen: new Set() }
  await migrateWaves(run, rows)
  if (options.subdomain === undefined && !options.onlyFailed && !options.dryRun) await migrateRest(run)
  report.failed.sort((a, b) => a.subdomain.localeCompare(b.subdomain))
  return report
}

interface FleetRun {
  database: Database
  migrations: Migration[]
  options: FleetOptions
  report: FleetReport
  throttle: Throttle
  total: number
  /** The schemas that were migrated or have failed. */
  seen: Set<string>
}

async function migrateWaves(run: FleetRun, rows: FleetRow[]): Promise<void> {
  const { database, options, report } = run
  const open = rows.filter(row => !isCurrent(row))
  for (const row of rows) {
    run.seen.add(row.schema)
    if (isCurrent(row)) await skip(run, row)
  }
  if (finished(report) > 0) options.onProgress?.(finished(report), run.total)
  for (const wave of await divide(database, open, options)) {
    if (isOver(run)) return
    options.onWave?.(wave)
    await migrateWave(run, wave)
  }
}

async function migrateWave(run: FleetRun, wave: Wave): Promise<void> {
  const { throttle, options, report } = run
  await workThrough(wave.rows, {
    limit: throttle.limit,
    isOver: () => isOver(run),
    work: async (row, attempt) => {
      const pause = await migrateOne(run, row, attempt)
      if (pause !== undefined) return pause
      if (report.failed.length > 0) report.halted ??= reasonToHalt(run, wave)
      options.onProgress?.(finished(report), run.total)
      return undefined
    },
  })
}

function isOver({ options, report }: FleetRun): boolean {
  if (options.signal?.aborted) report.interrupted = true
  return report.interrupted || report.halted !== null
}

function reasonToHalt({ options, report }: FleetRun, wave: Wave): string | null {
  const { maxErrors = Number.POSITIVE_INFINITY } = options
  if (wave.isCanaries) return 'One of the first organisations has failed.'
  return report.failed.length > maxErrors ? `More than ${maxErrors} have failed.` : null
}

function finished({ done, skipped, failed }: FleetReport): number {
  return done + skipped + failed.length
}

/** @returns the milliseconds after which it is tried again, if it is */
async function migrateOne(run: FleetRun, row: FleetRow, attempt: number): Promise<number | undefined> {
  const { database, options, report, throttle } = run
  const started = performance.now()
  try {
    if (row.pending === null) throw new Error(row.problem!)
    if (!options.dryRun) await migrateSchema(database, row.schema, run.migrations)
    report.done++
    throttle.succeeded(performance.now() - started)
  } catch (error) {
    if (isWorthRetrying(error)) {
      throttle.obstructed(started)
      if (attempt < (options.attempts ?? attemptsLimit) && !isOver(run)) return delayAfter(attempt)
    }
    const { subdomain, schema } = row
    const message = await describeFailure(database, schema, error)
    report.failed.push({ subdomain, schema, error: message })
    if (!options.dryRun) await recordFailure(database, schema, message)
  }
  return undefined
}

async function skip({ database, options, report }: FleetRun, row: FleetRow): Promise<void> {
  // The connection was lost after the commit, before its answer.
  if (row.state === 'failed' && !options.dryRun) await recordSuccess(database, row.schema)
  report.skipped++
}

/** The spare schemas, and the tenants that other programs have created meanwhile. */
async function migrateRest(run: FleetRun): Promise<void> {
  const { database, migrations } = run
  while (!isOver(run)) {
    await migrateSpares(database, migrations)
    const rows = (await readFleet(database, migrations, {})).filter(row => !isCurrent(row) && !run.seen.has(row.schema))
    if (rows.length === 0) return
    run.total += rows.length
    await migrateWaves(run, rows)
  }
}

async function recordSuccess(database: Database, schema: string): Promise<void> {
  await database.platform.db.execute(
    sql`update platform.schema_versions set state = 'migrated', error = null, updated = now() where schema = ${schema}`,
  )
}

async function recordFailure(database: Database, schema: string, error: string): Promise<void> {
  // The report is returned even if the database is unavailable; the next run reads the schema's actual state.
  await database.platform.db
    .execute(
      sql`update platform.schema_versions set state = 'failed', error = ${error}, updated = now() where schema = ${schema}`,
    )
    .catch(() => {})
}
