import { isConnectionError, isConnectionLost, isTimeout } from '#server/database/errors.ts'
import { keepSpan, tracePart } from '#server/tracing/spans.ts'
import type { ApiError } from '#shared/errors.ts'
import { unavailable } from '#shared/errors.ts'
import { openSlot } from './connection.ts'
import type { SlotsOptions } from './options.ts'
import type { Pool } from './pool.ts'
import { endPool, noteMismatch, openPool, releaseSlot, retireAfter, retireOld, retireSlot, takeSlot } from './pool.ts'
import { AnswerMismatch, ask, StaleStatement } from './slot.ts'
import { spanOfTransaction } from './span.ts'
import type { TransactionClient } from './transaction.ts'
import { runTransaction } from './transaction.ts'

/**
 * A fixed number of single connections instead of a pool. Each runs one statement or one transaction at a time. Every
 * answer is checked against its statement. A connection is closed after any error that leaves its state uncertain.
 * Reasons: docs/decisions/0002-slots.md and 0012-answers.md.
 */
export interface Slots {
  /** Runs one statement. @throws ApiError 503 when the database is unavailable, too slow or too busy */
  query(realm: string, text: string, params: unknown[], asArrays: boolean): Promise<unknown[]>
  /** Runs `work` in a transaction on one slot; its client refuses every query after the transaction. */
  transaction<T>(realm: string, work: (client: TransactionClient) => Promise<T>): Promise<T>
  /**
   * Runs a statement that no transaction can contain, on a connection of its own, where unqualified names are of this
   * schema. It may take long.
   */
  alone(schema: string, text: string): Promise<void>
  /**
   * For a caller who sees from its content that an answer belongs to another statement: closes all connections.
   * @returns the 503 to throw
   */
  distrust(realm: string, message: string): ApiError
  /** The number of slots, of busy slots and of waiting callers, and the failures since the start. */
  inspect(): { size: number; busy: number; waiting: number; retired: number; mismatched: number }
  end(): Promise<void>
}

const attemptsLimit = 3

export function createSlots(url: string, options: SlotsOptions): Slots {
  const pool = openPool(url, options)
  const watch = setInterval(retireOld, 500, pool)
  watch.unref()
  return {
    query: (realm, text, params, asArrays) => query(pool, realm, text, params, asArrays),
    transaction: (realm, work) => transaction(pool, realm, work),
    alone: (schema, text) => alone(pool, schema, text),
    distrust: (realm, message) => distrust(pool, realm, message),
    inspect: () => inspect(pool),
    end: () => {
      clearInterval(watch)
      return endPool(pool)
    },
  }
}

// What was refused before it began is asked again, and so is a read whose answer was lost with its connection.
async function query(
  pool: Pool,
  realm: string,
  text: string,
  params: unknown[],
  asArrays: boolean,
): Promise<unknown[]> {
  for (let attempt = 1; ; attempt++) {
    try {
      const prepare = pool.options.prepare !== false && attempt === 1
      return await queryOnce(pool, realm, text, params, { prepare, asArrays })
    } catch (error) {
      const isRepeatable = error instanceof StaleStatement || (isConnectionLost(error) && isRead(text))
      if (!isRepeatable || attempt === attemptsLimit || pool.ended) throw translate(error)
    }
  }
}

async function queryOnce(
  pool: Pool,
  realm: string,
  text: string,
  params: unknown[],
  how: { prepare: boolean; asArrays: boolean },
): Promise<unknown[]> {
  const slot = await takeSlot(pool, realm, 'statement')
  try {
    return await ask(slot, slot.sql, text, params, how)
  } catch (error) {
    retireAfter(pool, slot, error)
    throw error
  } finally {
    releaseSlot(pool, slot)
  }
}

async function transaction<T>(pool: Pool, realm: string, work: (client: TransactionClient) => Promise<T>): Promise<T> {
  const slot = await takeSlot(pool, realm, 'transaction')
  try {
    return await tracePart(
      () => spanOfTransaction(realm, slot.holder!.waited),
      // The driver calls it from its connection.
      () => runTransaction(slot, keepSpan(work), error => retireAfter(pool, slot, error)),
    )
  } catch (error) {
    if (isConnectionError(error)) retireSlot(pool, slot)
    throw translate(error)
  } finally {
    releaseSlot(pool, slot)
  }
}

/** Milliseconds. Creating an index waits for every transaction that began before. */
const aloneLimits = { statementTimeout: 6 * 60 * 60_000, lockTimeout: 60_000 }

async function alone({ url, options }: Pool, schema: string, text: string): Promise<void> {
  const slot = openSlot(url, { ...options, ...aloneLimits, searchPath: schema }, () => {})
  try {
    await ask(slot, slot.sql, text, [], { prepare: false, asArrays: false })
  } catch (error) {
    throw translate(error)
  } finally {
    await slot.sql.end({ timeout: 5 })
  }
}

function distrust(pool: Pool, realm: string, message: string): ApiError {
  noteMismatch(pool, realm, message)
  for (const slot of [...pool.slots]) retireSlot(pool, slot)
  return unavailable()
}

function inspect({ slots, schedule, retired, mismatched }: Pool) {
  const busy = slots.filter(slot => slot.holder).length
  return { size: slots.length, busy, waiting: schedule.waiting(), retired, mismatched }
}

function translate(error: unknown): unknown {
  const isPassing =
    error instanceof AnswerMismatch || error instanceof StaleStatement || isConnectionError(error) || isTimeout(error)
  return isPassing ? unavailable(error) : error
}

function isRead(text: string): boolean {
  return /^\s*select\b/i.test(text)
}
