import type { RunningApp } from '#server/create-app.ts'
import { targetVersion } from '#server/database/migrations/files.ts'
import { fleetStatus } from '#server/database/migrations/fleet-rows.ts'
import type { FleetReport } from '#server/database/migrations/fleet.ts'
import type { MigrationSets } from '#server/database/migrations/runner.ts'
import { fromSystem } from '#server/domain/context.ts'
import type { RunOptions, RunOutcome } from '#server/domain/migrations/options.ts'
import { lastFleetMigration, requestFleetMigration, stopFleetMigration } from '#server/domain/migrations/runs.ts'
import type { Progress } from '#server/domain/operations/operations.ts'
import { runOperation } from '#server/domain/operations/runner.ts'
import { showSteps } from '../progress.ts'
import type { Report } from '../task.ts'

interface FleetRequest {
  /** Whether it may go on with a run that was paused. */
  isResumed: boolean
  isJson: boolean
  options: Partial<Omit<RunOptions, 'target'>>
}

/** Migrates all tenants in this process, or watches the process that does so already. */
export async function runFleet(
  app: RunningApp,
  migrations: MigrationSets,
  { isResumed, isJson, options }: FleetRequest,
): Promise<Report> {
  if (!isResumed && (await lastFleetMigration(app))?.outcome === 'paused')
    throw new Error('The last migration was paused. Go on with: tenantry migrate resume')
  const target = targetVersion(migrations.tenant)
  const id = await requestFleetMigration(app, fromSystem, migrations.tenant, options, true)
  const operation = await runOperation(app, migrations, id, {
    onProgress: isJson ? printSteps() : showSteps(),
    onClaim: () => interruptOn(app),
  })
  const run = (await lastFleetMigration(app))!
  const { done = 0, skipped = 0 } = (operation.result ?? {}) as { done?: number; skipped?: number }
  const { behind } = await fleetStatus(app.database, migrations.tenant)
  return describeReport({
    target,
    outcome: run.outcome ?? 'failed',
    done,
    skipped,
    failed: behind.flatMap(({ subdomain, state, error }) => (state === 'failed' ? [{ subdomain, error: error! }] : [])),
    interrupted: run.outcome === 'interrupted',
    halted: operation.error,
  })
}

// Migrations that have begun are finished; the next run does the rest. A second signal ends this process at once.
function interruptOn(app: RunningApp): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void stopFleetMigration(app, fromSystem, 'interrupt').catch(() => process.exit(1)))
}

/** Prints each change of the progress as a line of JSON, to standard error. */
function printSteps(): (progress: Progress) => void {
  let printed = ''
  return ({ step, done, total }) => {
    const line = JSON.stringify({ event: 'progress', step, done, total })
    if (step !== null && line !== printed) process.stderr.write(`${line}\n`)
    printed = line
  }
}

/** @param done what was done to those that are counted */
export function describeReport(report: FleetReport & { outcome: RunOutcome }, done = 'migrated'): Report {
  const { skipped, target, failed, outcome, halted } = report
  const sum = `${report.done} ${done}, ${skipped} already at ${target}, ${failed.length} failed.`
  const ends: Partial<Record<RunOutcome, string>> = {
    paused: 'Paused. Go on with: tenantry migrate resume',
    interrupted: 'Interrupted. Go on with: tenantry migrate',
  }
  const end = halted ?? ends[outcome]
  return {
    json: report,
    text: [sum, ...failed.map(({ subdomain, error }) => `${subdomain}: ${error}`), ...(end ? [end] : [])].join('\n'),
    failed: failed.length > 0 || outcome !== 'completed',
  }
}
