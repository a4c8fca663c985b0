import { setTimeout as sleep } from 'node:timers/promises'
import type { MigrationSets } from '#server/database/migrations/runner.ts'
import type { App } from '#server/domain/context.ts'
import { messageOf } from '#server/domain/lib/errors.ts'
import { notFound } from '#shared/errors.ts'
import { operationKinds } from '#shared/operations.ts'
import { isPassing } from './errors.ts'
import { operationWork } from './kinds.ts'
import {
  claimOperation,
  failOperation,
  finishOperation,
  isWornOut,
  lease,
  releaseOperation,
  renewOperation,
  wornOut,
} from './lease.ts'
import type { OperationRow, Progress } from './operations.ts'
import { getOperation } from './operations.ts'
import type { Worker } from './worker.ts'
import { createWorker } from './worker.ts'

/** Milliseconds between two checks when nothing is announced, and between two writes of the progress. */
const nap = 10_000
const writePause = 500
/** The part of the lease after which it is renewed while there is no progress. */
const renewAfter = (lease * 1000) / 3

/**
 * Works on operations, one at a time, for as long as the process lives; wake it when one is queued. At the end, an
 * operation in progress is given back to the queue.
 */
export function startOperations(app: App, migrations: MigrationSets): Worker {
  return createWorker(async signal => {
    try {
      for (let operation; !signal.aborted && (operation = await claimOperation(app, { kinds: operationKinds }));) {
        await perform(app, migrations, operation, signal)
      }
    } catch (error) {
      // The database is unavailable: a claimed operation becomes available again when its lease ends.
      app.log.warn({ event: 'operation_queue_unavailable', reason: messageOf(error) })
    }
    return nap
  })
}

/**
 * Works on one operation in this process, or watches the process that works on it, until its end.
 * @param onProgress called for each change
 * @returns the operation, `done` or `failed`
 * @throws ApiError 404
 */
export async function runOperation(
  app: App,
  migrations: MigrationSets,
  id: string,
  options: { onProgress?: (progress: Progress) => void; signal?: AbortSignal } = {},
): Promise<OperationRow> {
  const { onProgress = () => {}, signal = new AbortController().signal } = options
  for (;;) {
    signal.throwIfAborted()
    const claimed = await claimOperation(app, { id })
    if (claimed) await perform(app, migrations, claimed, signal, onProgress)
    const operation = await getOperation(app, id)
    if (!operation) throw notFound()
    onProgress(operation)
    if (operation.state === 'done' || operation.state === 'failed') return operation
    await sleep(writePause)
  }
}

async function perform(
  app: App,
  migrations: MigrationSets,
  operation: OperationRow,
  stopping: AbortSignal,
  onProgress?: (progress: Progress) => void,
): Promise<void> {
  const { id, kind, tenant, attempts } = operation
  if (isWornOut(operation)) return failOperation(app, operation, wornOut)
  const about = { operation: id, kind, tenant, attempt: attempts }
  app.log.info({ event: 'operation_started', ...about })
  const hold = holdOperation(app, operation, stopping, onProgress)
  try {
    const result = await operationWork[kind](app, operation, hold.report, migrations)
    await hold.end()
    await finishOperation(app, operation, result)
    app.log.info({ event: 'operation_completed', ...about })
  } catch (error) {
    await hold.end()
    const reason = messageOf(error)
    if (stopping.aborted) {
      await releaseOperation(app, operation, { blameless: true })
      app.log.warn({ event: 'operation_interrupted', ...about, reason })
    } else if (isPassing(error)) {
      await releaseOperation(app, operation, { wait: 2 ** attempts, error: reason })
      app.log.warn({ event: 'operation_retry_scheduled', ...about, reason })
    } else {
      await failOperation(app, operation, reason)
      app.log.warn({ event: 'operation_failed', ...about, reason })
    }
  }
}

/** Renews the lease and saves the progress, at most twice a second, while the work goes on. */
function holdOperation(
  app: App,
  operation: OperationRow,
  stopping: AbortSignal,
  onProgress: (progress: Progress) => void = () => {},
) {
  const rest = app.pacer.begin()
  const lost = new AbortController()
  const signal = AbortSignal.any([stopping, lost.signal])
  let progress: Progress = { step: operation.step, done: operation.done, total: operation.total }
  let changed = false
  let written = Date.now()
  let writing: Promise<void> | undefined
  const timer = setInterval(() => {
    if (!writing && (changed || Date.now() - written > renewAfter))
      writing = write().finally(() => (writing = undefined))
  }, writePause)
  return {
    report: {
      signal,
      begin: (step: string, total = 0) => set({ step, done: 0, total }),
      advance: (by = 1) => set({ ...progress, done: progress.done + by }),
      rest,
    },
    async end() {
      clearInterval(timer)
      await writing
      if (changed && !signal.aborted) await write()
    },
  }

  function set(next: Progress): void {
    signal.throwIfAborted()
    progress = next
    changed = true
    onProgress(progress)
  }

  async function write(): Promise<void> {
    changed = false
    try {
      if (await renewOperation(app, operation, progress)) written = Date.now()
      else lost.abort(new Error('Another process has taken over.'))
    } catch {
      // A temporary failure. After the end of the lease, another process may have begun.
      if (Date.now() - written > lease * 1000) lost.abort(new Error('The database was away for too long.'))
    }
  }
}
