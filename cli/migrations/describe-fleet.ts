import type { FleetState, FleetStatus } from '#server/database/migrations/fleet-rows.ts'
import type { FleetReport } from '#server/database/migrations/fleet.ts'
import { counted, countedAre } from '#server/domain/lib/counted.ts'
import type { RunOutcome } from '#server/domain/migrations/options.ts'
import type { Report } from '../task.ts'

export interface FleetResult extends FleetReport {
  outcome: RunOutcome
  /** How many organisations lack migrations, and have not failed. */
  behind: number
}

/** What a run has done, and what is to be done next. */
export function describeResult(result: FleetResult): Report {
  const { done, skipped, target, failed, outcome, halted, behind } = result
  const sum = `${done} migrated, ${skipped} already at ${target}, ${failed.length} failed.`
  const next = nextStep(result)
  return {
    json: result,
    text: [sum, ...failed.map(describeFailed), ...(halted ? [halted] : []), ...(next ? [next] : [])].join('\n'),
    failed: failed.length > 0 || behind > 0 || outcome !== 'completed',
  }
}

/** What a run would do. */
export function describeDryRun(report: FleetReport): Report {
  const { done, skipped, target, failed } = report
  const sum = `${done} to migrate, ${skipped} already at ${target}, ${failed.length} cannot be migrated.`
  const outcome = failed.length > 0 ? 'failed' : 'completed'
  return {
    json: { ...report, outcome },
    text: [sum, ...failed.map(describeFailed)].join('\n'),
    failed: failed.length > 0,
  }
}

function describeFailed({ subdomain, schema, error }: FleetReport['failed'][number]): string {
  return `${subdomain} (schema ${schema}), ${error}`
}

function nextStep({ outcome, failed, behind, halted }: FleetResult): string | null {
  const rest = behind === 0 ? '' : `${countedAre(behind, 'organisation')} still behind. `
  if (outcome === 'paused') return `${rest}Paused. Go on with: tenantry migrate resume`
  if (outcome === 'interrupted') return `${rest}Interrupted. Go on with: tenantry migrate`
  if (outcome === 'halted') return `${untouched(behind)}Mend what is named, then run: tenantry migrate`
  if (halted !== null) return `${rest}Run: tenantry migrate`
  if (failed.length > 0) return `${rest}Mend what is named, then run: tenantry migrate${behind === 0 ? ' retry' : ''}`
  return rest ? `${rest}Run: tenantry migrate` : null
}

function untouched(count: number): string {
  return count === 0 ? '' : `${counted(count, 'organisation')} ${count === 1 ? 'was' : 'were'} not touched. `
}

/** Which version the organisations have, and what those lack that are behind. */
export function describeStatus(status: FleetStatus): Report {
  const { current, target, behind } = status
  const lines = behind.map(row => `${row.subdomain}: ${row.version ?? 'no version'}, ${lackOf(row)}`)
  return { json: status, text: [`${current} at ${target}, ${behind.length} behind.`, ...lines].join('\n') }
}

function lackOf({ state, pending, error, schema }: FleetState): string {
  if (state === 'failed') return `failed (schema ${schema}): ${error ?? 'no reason is known'}`
  if (state === 'missing') return `nothing is recorded of its schema ${schema}`
  return pending === null ? `cannot be migrated: ${error}` : `behind by ${counted(pending, 'migration')}`
}
