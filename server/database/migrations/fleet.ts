import { asc, eq, sql } from 'drizzle-orm'
import { reasonOf } from '#server/database/errors.ts'
import type { Database } from '#server/database/realms.ts'
import type { TenantStatus } from '#shared/tenant-statuses.ts'
import type { Migration } from './files.ts'
import { targetVersion } from './files.ts'
import { applyMigrations, pendingMigrations } from './runner.ts'
import { migrateSpares } from './spare-schemas.ts'

export interface FleetReport {
  target: string
  done: number
  failed: { subdomain: string; error: string }[]
  skipped: number
  /** True when `signal` stopped the run early. */
  interrupted: boolean
}

export interface FleetStatus {
  target: string
  /** Number of tenants at the target version. */
  current: number
  behind: { subdomain: string; version: string | null; state: string; error: string | null }[]
}

export interface FleetOptions {
  parallel: number
  /** Only this tenant. */
  subdomain?: string
  dryRun?: boolean
  onProgress?: (finished: number, total: number) => void
  /** Stops the run after the migrations in progress. */
  signal?: AbortSignal
}

interface FleetRow {
  subdomain: string
  status: TenantStatus
  schema: string
  applied: string[] | null
  version: string | null
  state: string | null
  error: string | null
}

/**
 * Migrates every tenant's schema to the newest version, each in its own transaction: a tenant is migrated completely
 * or not at all. A failure is recorded and does not stop the others. The next run continues an interrupted one. Spare
 * schemas are migrated after the tenants.
 */
export async function migrateFleet(
  database: Database,
  migrations: Migration[],
  options: FleetOptions,
): Promise<FleetReport> {
  const rows = await readFleet(database, options.subdomain)
  const report: FleetReport = { target: targetVersion(migrations), done: 0, failed: [], skipped: 0, interrupted: false }
  const run: FleetRun = { database, migrations, options, report, rows, queue: rows.values(), finished: 0 }
  // If one fails, the others still finish what they have begun.
  const workers = await Promise.allSettled(Array.from({ length: options.parallel }, () => work(run)))
  for (const worker of workers) if (worker.status === 'rejected') throw worker.reason
  if (options.subdomain === undefined && !options.dryRun && !report.interrupted)
    await migrateSpares(database, migrations)
  report.failed.sort((a, b) => a.subdomain.localeCompare(b.subdomain))
  return report
}

interface FleetRun {
  database: Database
  migrations: Migration[]
  options: FleetOptions
  report: FleetReport
  rows: FleetRow[]
  /** The workers share one iterator, so each tenant is taken once. */
  queue: IterableIterator<FleetRow>
  finished: number
}

async function work(run: FleetRun): Promise<void> {
  const { options, report, rows, queue } = run
  for (const row of queue) {
    if (options.signal?.aborted) {
      report.interrupted = true
      return
    }
    await migrateOne(run, row)
    options.onProgress?.(++run.finished, rows.length)
  }
}

async function migrateOne(run: FleetRun, row: FleetRow): Promise<void> {
  const { database, options, report } = run
  try {
    if (await migrate(run, row)) report.done++
    else report.skipped++
  } catch (error) {
    const message = reasonOf(error).split('\n')[0]!
    report.failed.push({ subdomain: row.subdomain, error: message })
    if (!options.dryRun) await recordFailure(database, row.schema, message)
  }
}

/** @returns whether there is anything to migrate */
async function migrate({ database, migrations, options }: FleetRun, row: FleetRow): Promise<boolean> {
  if (hasNoSchema(row)) return false
  if (pendingMigrations(row.schema, row.applied ?? [], migrations).length === 0) {
    // The connection was lost after the commit, before its answer.
    if (row.state === 'failed' && !options.dryRun) await recordSuccess(database, row.schema)
    return false
  }
  if (!options.dryRun)
    await database.slots.transaction(row.schema, client => applyMigrations(database.on(client), row.schema, migrations))
  return true
}

/** The migration state of every tenant, in one query. */
export async function fleetStatus(database: Database, migrations: Migration[]): Promise<FleetStatus> {
  const rows = (await readFleet(database)).filter(row => !hasNoSchema(row))
  const target = targetVersion(migrations)
  const behind = rows
    .filter(row => !isCurrent(row, migrations))
    .map(({ subdomain, version, state, error }) => ({ subdomain, version, state: state ?? 'missing', error }))
  return { target, current: rows.length - behind.length, behind }
}

// Suspended tenants and tenants to be deleted may come back, so they are migrated too.
function hasNoSchema({ status }: FleetRow): boolean {
  return status === 'purging'
}

function isCurrent(row: FleetRow, migrations: Migration[]): boolean {
  try {
    return row.state !== 'failed' && pendingMigrations(row.schema, row.applied ?? [], migrations).length === 0
  } catch {
    return false
  }
}

async function readFleet(database: Database, only?: string): Promise<FleetRow[]> {
  const { db, tables } = database.platform
  const { tenants, schema_versions: versions } = tables
  const { subdomain, status, schema } = tenants
  const { applied, version, state, error } = versions
  return db
    .select({ subdomain, status, schema, applied, version, state, error })
    .from(tenants)
    .leftJoin(versions, eq(versions.schema, schema))
    .where(only === undefined ? undefined : eq(subdomain, only))
    .orderBy(asc(subdomain))
}

async function recordSuccess(database: Database, schema: string): Promise<void> {
  const { db, tables } = database.platform
  const { schema_versions: versions } = tables
  await db
    .update(versions)
    .set({ state: 'migrated', error: null, updated: sql`now()` })
    .where(eq(versions.schema, schema))
}

async function recordFailure(database: Database, schema: string, error: string): Promise<void> {
  const { db, tables } = database.platform
  const { schema_versions: versions } = tables
  // The report is returned even if the database is unavailable; the next run reads the schema's actual state.
  await db
    .update(versions)
    .set({ state: 'failed', error, updated: sql`now()` })
    .where(eq(versions.schema, schema))
    .catch(() => {})
}
