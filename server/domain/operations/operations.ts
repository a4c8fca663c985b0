import { and, eq, sql } from 'drizzle-orm'
import { violatedUnique } from '#server/database/errors.ts'
import { newId } from '#server/database/ids.ts'
import type { Db } from '#server/database/realms.ts'
import type { App, Origin } from '#server/domain/context.ts'
import { conflict } from '#shared/errors.ts'
import type { OperationKind, OperationState } from '#shared/operations.ts'

/** Long work on a tenant, as `platform.operations` keeps it. */
export interface OperationRow {
  id: string
  kind: OperationKind
  tenant: string | null
  state: OperationState
  input: Record<string, unknown>
  result: Record<string, unknown> | null
  step: string | null
  done: number
  total: number
  attempts: number
  error: string | null
  requested_by: string | null
  created: Date
  started_at: Date | null
  finished_at: Date | null
}

/** What is told while an operation is worked on. */
export type Progress = Pick<OperationRow, 'step' | 'done' | 'total'>

/** The channel on which processes tell each other that there is an operation to be worked on. */
export const operationsChannel = 'tenantry_operations'

/** In seconds. Renewed long before it ends, so that only a process that died lets it run out. */
export const lease = 30
/** A process that ended this often while it worked on an operation did so because of it. */
const attemptsLimit = 5

/**
 * Queues an operation in the transaction of its cause.
 * @param held kept from other processes for a moment, as the caller goes on with `runOperation` by itself
 * @returns its id
 * @throws ApiError 409 while another is under way on the same tenant
 */
export async function enqueueOperation(
  tx: Db,
  { database: { platform } }: App,
  origin: Origin,
  { kind, tenant, input = {} }: { kind: OperationKind; tenant: string | null; input?: Record<string, unknown> },
  held = false,
): Promise<string> {
  const { operations } = platform.tables
  const id = newId()
  try {
    await tx.insert(operations).values({
      id,
      kind,
      tenant,
      input,
      requested_by: origin.actor,
      created: new Date(),
      lease_until: held ? leaseEnd : null,
    })
  } catch (error) {
    if (violatedUnique(error) === 'operations_one_each')
      throw conflict('Another operation is under way on this organisation.', 'busy')
    throw error
  }
  if (!held) await tx.execute(sql`select pg_notify(${operationsChannel}, '')`)
  return id
}

/**
 * Takes up an operation that nobody is working on, for this process alone until its lease ends.
 * @param what of kinds that this program knows; or the one that was held for us
 */
export async function claimOperation(
  { database: { platform } }: App,
  what: { kinds: readonly OperationKind[] } | { id: string },
): Promise<OperationRow | undefined> {
  const {
    db,
    tables: { operations },
  } = platform
  const isFree = sql`coalesce(lease_until < now(), true)`
  const which =
    'id' in what
      ? sql`id = ${what.id} and (state = 'queued' or (state = 'running' and ${isFree}))`
      : sql`state in ('queued', 'running') and ${isFree} and kind in ${what.kinds}`
  const free = sql`any(array(select id from platform.operations where ${which} order by created limit 1 for update skip locked))`
  const rows = await db
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

/** Says how far it is and renews the lease. @returns false where another process has taken over */
export async function renewOperation(app: App, operation: OperationRow, progress: Progress): Promise<boolean> {
  return update(app, operation, { ...progress, lease_until: leaseEnd })
}

export async function finishOperation(
  app: App,
  operation: OperationRow,
  result: Record<string, unknown>,
): Promise<void> {
  await update(app, operation, {
    state: 'done',
    result,
    error: null,
    step: null,
    lease_until: null,
    finished_at: sql`now()`,
  })
}

export async function failOperation(app: App, operation: OperationRow, error: string): Promise<void> {
  await update(app, operation, {
    state: 'failed',
    error: error.slice(0, 1_000),
    lease_until: null,
    finished_at: sql`now()`,
  })
}

/**
 * Gives it back, unfinished.
 * @param wait seconds until anyone takes it up
 * @param blameless not counted as a try: it was this process that had to stop
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

/** Whether it has been taken up too often to be tried once more. */
export function isWornOut({ attempts }: OperationRow): boolean {
  return attempts > attemptsLimit
}

export const wornOut = 'Given up: the process that worked on it ended each time.'

/** An operation's columns, by name. */
export function operationColumns(operations: App['database']['platform']['tables']['operations']) {
  const {
    id,
    kind,
    tenant,
    state,
    input,
    result,
    step,
    done,
    total,
    attempts,
    error,
    requested_by,
    created,
    started_at,
    finished_at,
  } = operations
  return {
    id,
    kind,
    tenant,
    state,
    input,
    result,
    step,
    done,
    total,
    attempts,
    error,
    requested_by,
    created,
    started_at,
    finished_at,
  }
}

export async function getOperation(
  {
    database: {
      platform: {
        db,
        tables: { operations },
      },
    },
  }: App,
  id: string,
): Promise<OperationRow | undefined> {
  const rows = await db.select(operationColumns(operations)).from(operations).where(eq(operations.id, id))
  return rows[0]
}

const leaseEnd = sql`now() + make_interval(secs => ${lease})`

type Changes = Parameters<ReturnType<App['database']['platform']['db']['update']>['set']>[0]

async function update(app: App, operation: OperationRow, changes: Changes): Promise<boolean> {
  const {
    db,
    tables: { operations },
  } = app.database.platform
  const rows = await db
    .update(operations)
    .set(changes)
    .where(stillOurs(app, operation))
    .returning({ id: operations.id })
  return rows.length > 0
}

// A process that was thought dead, and another has taken over from, has no say any more.
function stillOurs(
  {
    database: {
      platform: {
        tables: { operations },
      },
    },
  }: App,
  { id, attempts }: OperationRow,
) {
  return and(eq(operations.id, id), eq(operations.attempts, attempts), eq(operations.state, 'running'))
}
