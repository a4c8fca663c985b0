import type { SQL } from 'drizzle-orm'
import { and, eq, sql } from 'drizzle-orm'
import type { App } from '#server/domain/context.ts'
import type { OperationKind } from '#shared/operations.ts'
import type { OperationRow, Progress } from './operations.ts'
import { operationColumns, operationsChannel } from './operations.ts'

/** In seconds. A process renews it long before it ends, so it expires only if the process died. */
export const lease = 30

/** After this many ended processes, the operation is assumed to be the cause. */
const attemptsLimit = 5

/**
 * The kinds that this program knows, with the version to which it migrates tenants, or the id of one that was queued as
 * held.
 */
type Claimable = { kinds: readonly OperationKind[]; target?: string } | { id: string }

/** Claims an operation that no process works on, until its lease ends. */
export async function claimOperation(
  { database: { platform } }: App,
  what: Claimable,
): Promise<OperationRow | undefined> {
  const { operations } = platform.tables
  const free = sql`any(array(select id from platform.operations where ${isClaimable(what)} order by created limit 1 for update skip locked))`
  const rows = await platform.db
    .update(operations)
    .set({
      state: 'running',
      attempts: sql`${operations.attempts} + 1`,
      started_at: sql`coalesce(${operations.started_at}, now())`,
      lease_until: leaseEnd,
    })
    .where(sql`${operations.id} = ${free}`)
    .returning(operationColumns(operations))
  return rows[0]
}

function isClaimable(what: Claimable): SQL {
  const isFree = sql`coalesce(lease_until < now(), true)`
  return 'id' in what
    ? sql`id = ${what.id} and (state = 'queued' or (state = 'running' and ${isFree}))`
    : sql`state in ('queued', 'running') and ${isFree} and kind in ${what.kinds}
        and (kind <> 'migration' or coalesce(input ->> 'target', '') in ('', ${what.target ?? ''}))`
}

/** Saves the progress and renews the lease. @returns false if another process has taken over */
export async function renewOperation(app: App, operation: OperationRow, progress: Progress): Promise<boolean> {
  return updateOurs(app, operation, { ...progress, lease_until: leaseEnd })
}

/** Marks an operation as done. */
export async function finishOperation(
  app: App,
  operation: OperationRow,
  result: Record<string, unknown>,
): Promise<void> {
  await updateOurs(app, operation, {
    state: 'done',
    result,
    error: null,
    step: null,
    lease_until: null,
    finished_at: sql`now()`,
  })
}

/** Marks an operation as failed. */
export async function failOperation(
  app: App,
  operation: OperationRow,
  error: string,
  result: Record<string, unknown> | null = null,
): Promise<void> {
  await updateOurs(app, operation, {
    state: 'failed',
    result,
    error: error.slice(0, 1_000),
    lease_until: null,
    finished_at: sql`now()`,
  })
}

/**
 * Gives an unfinished operation back to the queue.
 * @param wait seconds until it may be claimed again
 * @param blameless not counted as an attempt, because this process had to stop
 */
export async function releaseOperation(
  app: App,
  operation: OperationRow,
  { wait = 0, blameless = false, error = null }: { wait?: number; blameless?: boolean; error?: string | null },
): Promise<void> {
  if (!blameless && isWornOut(operation)) return failOperation(app, operation, error ?? wornOut)
  const { operations } = app.database.platform.tables
  await app.database.platform.transaction(async tx => {
    await tx
      .update(operations)
      .set({
        state: 'queued',
        error,
        lease_until: sql`now() + make_interval(secs => ${wait})`,
        ...(blameless ? { attempts: sql`${operations.attempts} - 1` } : {}),
      })
      .where(stillOurs(app, operation))
    await tx.execute(sql`select pg_notify(${operationsChannel}, '')`)
  })
}

/** Whether an operation has been claimed too often to be tried again. */
export function isWornOut({ attempts }: OperationRow): boolean {
  return attempts > attemptsLimit
}

export const wornOut = 'Given up: the process that worked on it ended each time.'

export const leaseEnd = sql`now() + make_interval(secs => ${lease})`

type Changes = Parameters<ReturnType<App['database']['platform']['db']['update']>['set']>[0]

async function updateOurs(app: App, operation: OperationRow, changes: Changes): Promise<boolean> {
  const { operations } = app.database.platform.tables
  const rows = await app.database.platform.db
    .update(operations)
    .set(changes)
    .where(stillOurs(app, operation))
    .returning({ id: operations.id })
  return rows.length > 0
}

// If this process seemed dead, another one may have taken over: then nothing is changed.
function stillOurs({ database: { platform } }: App, { id, attempts }: OperationRow) {
  const { operations } = platform.tables
  return and(eq(operations.id, id), eq(operations.attempts, attempts), eq(operations.state, 'running'))
}
