import type { App } from '#server/domain/context.ts'
import type { Progress } from '#server/domain/operations/operations.ts'
import type { OperationReport } from '#server/domain/operations/report.ts'

/** Progress of work that is no operation: it is only shown. */
export function reportOn(app: App, onProgress: (progress: Progress) => void): OperationReport {
  let progress: Progress = { step: null, done: 0, total: 0 }
  const set = (next: Progress) => onProgress((progress = next))
  return {
    signal: new AbortController().signal,
    begin: (step, total = 0) => set({ step, done: 0, total }),
    advance: (by = 1) => set({ ...progress, done: progress.done + by }),
    rest: app.pacer.begin(),
  }
}
