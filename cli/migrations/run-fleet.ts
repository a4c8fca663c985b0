import type { RunningApp } from '#server/create-app.ts'
import { targetVersion } from '#server/database/migrations/files.ts'
import { fleetStatus } from '#server/database/migrations/fleet-rows.ts'
import type { MigrationSets } from '#server/database/migrations/runner.ts'
import { fromSystem } from '#server/domain/context.ts'
import type { RunOptions } from '#server/domain/migrations/options.ts'
import { lastFleetMigration, requestFleetMigration, stopFleetMigration } from '#server/domain/migrations/runs.ts'
import type { Progress } from '#server/domain/operations/operations.ts'
import { lease } from '#server/domain/operations/lease.ts'
import { runOperation } from '#server/domain/operations/runner.ts'
import { showSteps } from '../progress.ts'
import type { Report } from '../task.ts'
import { describeResult } from './describe-fleet.ts'

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
  const operation = await runOperation(app, migrations, id, watch(app, isJson))
  const run = (await lastFleetMigration(app))!
  const { done = 0, skipped = 0 } = (operation.result ?? {}) as { done?: number; skipped?: number }
  const { behind } = await fleetStatus(app.database, migrations.tenant)
  const failed = behind.filter(({ state }) => state === 'failed')
  const outcome = run.outcome ?? 'failed'
  return describeResult({
    target,
    outcome,
    done,
    skipped,
    failed: failed.map(({ subdomain, schema, error }) => ({ subdomain, schema, error: error ?? 'no reason is known' })),
    behind: behind.length - failed.length,
    interrupted: outcome === 'interrupted',
    // Of a run that went over all, the failures say more.
    halted: outcome === 'failed' && run.failed > 0 ? null : operation.error,
  })
}

/** Says on standard error what happens to the run, in whichever process. */
function watch(app: RunningApp, isJson: boolean) {
  const show = isJson ? printSteps() : showSteps()
  const say = (event: string, text: string) =>
    process.stderr.write(isJson ? `${JSON.stringify({ event })}\n` : `${text}\n`)
  let hasWaited = false
  let isInLine = false
  return {
    onProgress(progress: Progress) {
      isInLine = progress.step !== null
      show(progress)
    },
    onWait() {
      hasWaited = true
      say(
        'waiting',
        `Another run is in progress, or was cut off. Waiting for it; one that was cut off goes on within ${lease} s.`,
      )
    },
    onClaim() {
      if (hasWaited) say('continued', `${isInLine ? '\n' : ''}The other run was cut off. Going on with it.`)
      interruptOn(app)
    },
  }
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
