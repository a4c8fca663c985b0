import { PostgresError } from '#server/database/driver.ts'
import { isConnectionError, isConnectionLost, isTimeout } from '#server/database/errors.ts'
import type { ApiError } from '#shared/errors.ts'
import { unavailable } from '#shared/errors.ts'
import { openSlot } from './connection.ts'
import type { SlotsOptions } from './options.ts'
import { createSchedule } from './schedule.ts'
import type { Slot } from './slot.ts'
import { AnswerMismatch, ask, StaleStatement } from './slot.ts'
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
   * For a caller who sees from its content that an answer belongs to another statement: closes all connections.
   * @returns the 503 to throw
   */
  distrust(realm: string, message: string): ApiError
  /** The number of slots, of busy slots and of waiting callers, and the failures since the start. */
  inspect(): { size: number; busy: number; waiting: number; retired: number; mismatched: number }
  end(): Promise<void>
}

// Prepared statements live as long as their connection and name their schema: with many tenants there are many.
const statementsLimit = 2_000

const attemptsLimit = 3

/** Milliseconds until a connection is replaced, so that its backend's memory is freed. */
const lifetime = 30 * 60_000

/** Milliseconds for a whole transaction in addition to its longest statement. */
const transactionAllowance = 10_000

export function createSlots(url: string, options: SlotsOptions): Slots {
  const statementTimeout = options.statementTimeout ?? 5_000
  const tenantShare = Math.min(options.tenantShare ?? Math.ceil(options.size / 2), options.size)
  const slots: Slot[] = Array.from({ length: options.size }, open)
  const schedule = createSchedule(slots, {
    tenant: { slots: tenantShare, transactions: Math.max(1, Math.floor(tenantShare / 2)) },
    transactions: Math.max(1, options.size - Math.max(1, options.statementShare ?? Math.floor(options.size / 4))),
  })
  let ended = false
  let retired = 0
  let mismatched = 0
  const watch = setInterval(retireOld, 500)
  watch.unref()

  return { query, transaction, distrust, inspect, end }

  // Repeats a statement that was refused before it began, and a read whose answer was lost with its connection.
  async function query(realm: string, text: string, params: unknown[], asArrays: boolean): Promise<unknown[]> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await queryOnce(realm, text, params, { prepare: options.prepare !== false && attempt === 1, asArrays })
      } catch (error) {
        const isRepeatable = error instanceof StaleStatement || (isConnectionLost(error) && isRead(text))
        if (!isRepeatable || attempt === attemptsLimit || ended) throw translate(error)
      }
    }
  }

  async function queryOnce(
    realm: string,
    text: string,
    params: unknown[],
    how: { prepare: boolean; asArrays: boolean },
  ): Promise<unknown[]> {
    const slot = await take(realm, 'statement')
    try {
      return await ask(slot, slot.sql, text, params, how)
    } catch (error) {
      retireAfter(slot, error)
      throw error
    } finally {
      release(slot)
    }
  }

  async function transaction<T>(realm: string, work: (client: TransactionClient) => Promise<T>): Promise<T> {
    const slot = await take(realm, 'transaction')
    try {
      return await runTransaction(slot, work, error => retireAfter(slot, error))
    } catch (error) {
      if (isConnectionError(error)) retire(slot)
      throw translate(error)
    } finally {
      release(slot)
    }
  }

  async function take(realm: string, work: 'statement' | 'transaction'): Promise<Slot> {
    if (ended) throw unavailable()
    return schedule.take(realm, work)
  }

  function release(slot: Slot): void {
    if (slot.statements.size > statementsLimit) retire(slot)
    schedule.release(slot)
  }

  /**
   * The state of a connection is known only after an error that PostgreSQL itself has sent and that does not end the
   * connection.
   */
  function retireAfter(slot: Slot, error: unknown): void {
    if (error instanceof AnswerMismatch) noteMismatch(slot.holder?.realm ?? '', error.message)
    if (!(error instanceof PostgresError) || isConnectionError(error)) retire(slot)
  }

  function noteMismatch(realm: string, message: string): void {
    mismatched++
    options.onMismatch?.({ realm, message })
  }

  function distrust(realm: string, message: string): ApiError {
    noteMismatch(realm, message)
    for (const slot of [...slots]) retire(slot)
    return unavailable()
  }

  function retire(slot: Slot): void {
    if (slot.retired) return
    slot.retired = true
    retired++
    const place = slots.indexOf(slot)
    if (place >= 0 && !ended) slots[place] = open()
    // Statements in progress are rejected individually; the end of a lost connection adds nothing.
    slot.sql.end({ timeout: 0 }).catch(() => {})
    if (!ended) schedule.look()
  }

  // A half-open connection answers nothing, not even a timeout.
  function retireOld(): void {
    const now = performance.now()
    for (const slot of [...slots]) {
      const { holder, opened } = slot
      const limit = statementTimeout + 1_000 + (holder?.work === 'transaction' ? transactionAllowance : 0)
      if (holder ? now - holder.since > limit : now - opened > lifetime) retire(slot)
    }
  }

  function open(): Slot {
    return openSlot(url, { ...options, statementTimeout }, retire)
  }

  function inspect() {
    return {
      size: slots.length,
      busy: slots.filter(slot => slot.holder).length,
      waiting: schedule.waiting(),
      retired,
      mismatched,
    }
  }

  async function end(): Promise<void> {
    ended = true
    clearInterval(watch)
    schedule.dismiss()
    await Promise.all(slots.map(slot => slot.sql.end({ timeout: 5 })))
  }
}

function translate(error: unknown): unknown {
  const isPassing =
    error instanceof AnswerMismatch || error instanceof StaleStatement || isConnectionError(error) || isTimeout(error)
  return isPassing ? unavailable(error) : error
}

function isRead(text: string): boolean {
  return /^\s*select\b/i.test(text)
}
