import type { AuditEvent } from '#shared/answers/audit'

/** Events of one day in the viewer's time zone, newest first. */
export interface AuditDay {
  /** Such as `29 Nov 2026`. */
  day: string
  /** One event each, or several of the same kind by the same person that follow each other, as an import causes. */
  entries: AuditEvent[][]
}

/** How many events of a kind become one line, and how many milliseconds may be between two of them. */
const batchSize = 3
const batchPause = 60_000

/** Groups events by day, and bulk changes into one entry. */
export function useAuditDays(events: () => AuditEvent[]) {
  const { day } = useFormat()
  return computed(() => {
    const days = Map.groupBy(events(), event => day(event.created))
    return [...days].map(([name, ofDay]): AuditDay => ({ day: name, entries: runsOf(ofDay).flatMap(split) }))
  })
}

function runsOf(events: AuditEvent[]): AuditEvent[][] {
  const runs: AuditEvent[][] = []
  for (const event of events) {
    const run = runs.at(-1)
    if (run && belongsTo(run.at(-1)!, event)) run.push(event)
    else runs.push([event])
  }
  return runs
}

function belongsTo(later: AuditEvent, event: AuditEvent): boolean {
  const pause = new Date(later.created).getTime() - new Date(event.created).getTime()
  const isSame = later.action === event.action && later.actor === event.actor
  return isSame && event.actor !== null && later.details.support === event.details.support && pause <= batchPause
}

function split(run: AuditEvent[]): AuditEvent[][] {
  return run.length >= batchSize ? [run] : run.map(event => [event])
}
