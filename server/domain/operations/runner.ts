import { setTimeout as sleep } from 'node:timers/promises'
import { targetVersion } from '#server/database/migrations/files.ts'
import type { MigrationSets } from '#server/database/migrations/runner.ts'
import type { App } from '#server/domain/context.ts'
import { messageOf } from '#server/domain/lib/errors.ts'
import { traceWork } from '#server/tracing/spans.ts'
import type { NewSpan } from '#server/tracing/spans.ts'
import { notFound } from '#shared/errors.ts'
import { operationKinds } from '#shared/operations.ts'
import { isPassing } from './errors.ts'
import { holdOperation } from './hold.ts'
import { operationWork } from './kinds.ts'
import { claimOperation, failOperation, finishOperation, isWornOut, releaseOperation, wornOut } from './lease.ts'
import type { OperationRow, Progress } from './operations.ts'
import { getOperation } from './operations.ts'
import { WorkFailed } from './work.ts'
import type { Worker } from './worker.ts'
import { createWorker } from './worker.ts'

/** Milliseconds: between two looks when nothing is announced, and between two looks at another process's work. */
const nap = 10_000
const lookPause = 500

/**
 * Works on operations, one at a time, for as long as the process lives; wake it when one is queued. At the end, an
 * operation in progress is given back to the queue.
 */
export function startOperations(app: App, migrations: MigrationSets): Worker {
  const claimable = { kinds: operationKinds, target: targetVersion(migrations.tenant) }
  return createWorker(async signal => {
    try {
      for (let operation; !signal.aborted && (operation = await claimOperation(app, claimable));) {
        await perform(app, migrations, operation, signal)
      }
    } catch (error) {
      // The database is unavailable: a claimed operation becomes available again when its lease ends.
      app.log.warn({ event: 'operation_queue_unavailable', reason: messageOf(error) })
    }
    return nap
  })
}

interface WatchOptions {
  onProgress?: (progress: Progress) => void
  onWait?: () => void
  onClaim?: () => void
  signal?: AbortSignal
}

/**
 * Works on one operation in this process, or watches the process that works on it, until its end.
 * @param options.onProgress called for each change
 * @param options.onWait called once, while another process has the work, or has died with it
 * @param options.onClaim called when this process begins the work
 * @returns the operation, `done` or `failed`
 * @throws ApiError 404
 */
export async function runOperation(
  app: App,
  migrations: MigrationSets,
  id: string,
  options: WatchOptions = {},
): Promise<OperationRow> {
  const { onProgress = () => {}, signal = new AbortController().signal } = options
  for (let isFirst = true; ; isFirst = false) {
    signal.throwIfAborted()
    const claimed = await claimOperation(app, { id })
    if (claimed) options.onClaim?.()
    if (claimed) await perform(app, migrations, claimed, signal, onProgress)
    const operation = await getOperation(app, id)
    if (!operation) throw notFound()
    const isOver = operation.state === 'done' || operation.state === 'failed'
    if (isFirst && !claimed && !isOver) options.onWait?.()
    onProgress(operation)
    if (isOver) return operation
    await sleep(lookPause)
  }
}

async function perform(
  app: App,
  migrations: MigrationSets,
  operation: OperationRow,
  stopping: AbortSignal,
  onProgress?: (progress: Progress) => void,
): Promise<void> {
  if (isWornOut(operation)) return failOperation(app, operation, wornOut)
  const about = aboutOf(operation)
  app.log.info({ event: 'operation_started', ...about })
  const hold = holdOperation(app, operation, stopping, onProgress)
  try {
    await traceWork(
      () => spanOf(operation),
      async () => {
        const result = await operationWork[operation.kind](app, operation, hold.report, migrations)
        await hold.end()
        await finishOperation(app, operation, result)
      },
    )
    app.log.info({ event: 'operation_completed', ...about })
  } catch (error) {
    await hold.end()
    await settleFailure(app, operation, error, stopping.aborted)
  }
}

/** Gives an operation back that was stopped or may succeed later; any other has failed. */
async function settleFailure(app: App, operation: OperationRow, error: unknown, isStopping: boolean): Promise<void> {
  const about = { ...aboutOf(operation), reason: messageOf(error) }
  if (isStopping) {
    await releaseOperation(app, operation, { blameless: true })
    app.log.warn({ event: 'operation_interrupted', ...about })
  } else if (isPassing(error)) {
    await releaseOperation(app, operation, { wait: 2 ** operation.attempts, error: about.reason })
    app.log.warn({ event: 'operation_retry_scheduled', ...about })
  } else {
    await failOperation(app, operation, about.reason, error instanceof WorkFailed ? error.result : null)
    app.log.warn({ event: 'operation_failed', ...about })
  }
}

function spanOf({ id, kind, tenant, attempts }: OperationRow): NewSpan {
  const attributes = { 'tenantry.tenant': tenant ?? undefined, 'tenantry.operation': id, 'tenantry.attempt': attempts }
  return { name: `operation ${kind}`, attributes }
}

/** What the log says of an operation. */
function aboutOf({ id, kind, tenant, attempts }: OperationRow) {
  return { operation: id, kind, tenant, attempt: attempts }
}
