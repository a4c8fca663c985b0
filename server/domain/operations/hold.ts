import type { App } from '#server/domain/context.ts'
import { lease, renewOperation } from './lease.ts'
import type { OperationRow, Progress } from './operations.ts'
import type { OperationReport } from './report.ts'

/** Milliseconds between two writings of the progress. */
const writePause = 500
/** The part of the lease after which it is renewed while there is no progress. */
const renewAfter = (lease * 1000) / 3

interface Hold {
  app: App
  operation: OperationRow
  onProgress: (progress: Progress) => void
  /** Aborted where another process has taken over, or may have. */
  lost: AbortController
  /** Aborted where the work must not go on, for whatever reason. */
  signal: AbortSignal
  progress: Progress
  changed: boolean
  written: number
  writing: Promise<void> | undefined
}

/**
 * Keeps the lease and writes the progress down, at most twice a second, beside the work.
 * @param stopping aborted where this process has to stop
 */
export function holdOperation(
  app: App,
  operation: OperationRow,
  stopping: AbortSignal,
  onProgress: (progress: Progress) => void = () => {},
): { report: OperationReport; end(): Promise<void> } {
  const hold = newHold(app, operation, stopping, onProgress)
  const timer = setInterval(keep, writePause, hold)
  return {
    report: reportOf(hold),
    async end() {
      clearInterval(timer)
      await hold.writing
      if (hold.changed && !hold.signal.aborted) await write(hold)
    },
  }
}

function newHold(app: App, operation: OperationRow, stopping: AbortSignal, onProgress: Hold['onProgress']): Hold {
  const { step, done, total } = operation
  const lost = new AbortController()
  return {
    app,
    operation,
    onProgress,
    lost,
    signal: AbortSignal.any([stopping, lost.signal]),
    progress: { step, done, total },
    changed: false,
    written: performance.now(),
    writing: undefined,
  }
}

function reportOf(hold: Hold): OperationReport {
  return {
    signal: hold.signal,
    begin: (step, total = 0, done = 0) => set(hold, { step, done, total }),
    advance: (by = 1) => set(hold, { ...hold.progress, done: hold.progress.done + by }),
    rest: hold.app.pacer.begin(),
  }
}

function set(hold: Hold, progress: Progress): void {
  hold.signal.throwIfAborted()
  hold.progress = progress
  hold.changed = true
  hold.onProgress(progress)
}

function keep(hold: Hold): void {
  if (!hold.writing && (hold.changed || performance.now() - hold.written > renewAfter))
    hold.writing = write(hold).finally(() => (hold.writing = undefined))
}

async function write(hold: Hold): Promise<void> {
  hold.changed = false
  try {
    if (await renewOperation(hold.app, hold.operation, hold.progress)) hold.written = performance.now()
    else hold.lost.abort(new Error('Another process has taken over.'))
  } catch {
    // Away for a moment; past the lease, another may have begun.
    if (performance.now() - hold.written > lease * 1000)
      hold.lost.abort(new Error('The database was away for too long.'))
  }
}
