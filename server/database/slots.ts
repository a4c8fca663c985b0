import { drizzle } from 'drizzle-orm/postgres-js'
import type { PendingQuery, Row, TransactionSql } from 'postgres'
import postgres from 'postgres'
import { unavailable } from '../../shared/errors.ts'
import { isConnectionError, isTimeout } from './errors.ts'
import type { Slot } from './slot-choice.ts'
import { isIdle, slotForQuery, slotForTransaction } from './slot-choice.ts'
import { createWaitingLine } from './waiting-line.ts'

/**
 * A fixed number of single connections instead of a pool, for two reasons that docs/decisions/0002-slots.md
 * tells at length: postgres.js lets a transaction's callback run on into another connection after its
 * backend has died, and a connection that keeps to few schemas keeps PostgreSQL's caches warm.
 *
 * Plain queries are pipelined on one of their realm's two home slots; a transaction has a slot to itself;
 * a slot is thrown away on any connection error.
 */
export interface Slots {
  /** Runs one statement. @throws ApiError 503 when the database is away, too slow or too busy */
  query(realm: string, text: string, params: unknown[], asArrays: boolean): Promise<unknown[]>
  /** Runs `work` in a transaction on a slot of its own; its client refuses every query once the transaction is over. */
  transaction<T>(realm: string, work: (client: TransactionClient) => Promise<T>): Promise<T>
  /** How many there are, how many have something to do, and how many callers wait for one. */
  inspect(): { size: number, busy: number, waiting: number }
  end(): Promise<void>
}

/** The part of a postgres.js client that drizzle uses. */
export interface GuardedClient {
  options: { parsers: object, serializers: object }
  unsafe(text: string, params?: unknown[]): PromiseLike<unknown[]> & { values(): PromiseLike<unknown[]> }
}

/** A transaction's own, which can also copy; see copy.ts. */
export interface TransactionClient extends GuardedClient {
  unsafe(text: string, params?: unknown[]): PendingQuery<Row[]>
}

export interface SlotsOptions {
  size: number
  /** Milliseconds. */
  statementTimeout?: number
  lockTimeout?: number
  /** How long a transaction may sit between two statements. */
  idleTimeout?: number
  applicationName?: string
}

// Prepared statements live as long as their connection and name their schema: with many tenants they add up.
const statementsLimit = 2_000

export function createSlots(url: string, options: SlotsOptions): Slots {
  const statementTimeout = options.statementTimeout ?? 5_000
  const slots: Slot[] = Array.from({ length: options.size }, open)
  const line = createWaitingLine()
  let ended = false
  const watch = setInterval(retireHanging, 500)
  watch.unref()

  return { query, transaction, inspect, end }

  function query(realm: string, text: string, params: unknown[], asArrays: boolean): Promise<unknown[]> {
    return onSlot(realm, slotForQuery, slot => run(slot, realm, text, params, asArrays))
  }

  function transaction<T>(realm: string, work: (client: TransactionClient) => Promise<T>): Promise<T> {
    return onSlot(realm, slotForTransaction, slot => runTransaction(slot, realm, work))
  }

  // Chosen and taken in one breath: nothing may come between, or two would have the same.
  async function onSlot<T>(realm: string, choose: typeof slotForQuery, take: (slot: Slot) => Promise<T>): Promise<T> {
    for (;;) {
      if (ended) throw unavailable()
      const slot = choose(slots, realm)
      if (slot) return take(slot)
      await line.wait()
    }
  }

  async function run(slot: Slot, realm: string, text: string, params: unknown[], asArrays: boolean): Promise<unknown[]> {
    const entry = { realm, since: performance.now() }
    slot.inFlight.push(entry)
    slot.statements.add(text)
    try {
      const pending = slot.sql.unsafe(text, params as never[], { prepare: true })
      return await (asArrays ? pending.values() : pending)
    }
    catch (error) {
      throw translate(slot, error)
    }
    finally {
      slot.inFlight.splice(slot.inFlight.indexOf(entry), 1)
      if (slot.statements.size > statementsLimit && !slot.reserved) retire(slot, 10)
      line.advance()
    }
  }

  async function runTransaction<T>(slot: Slot, realm: string, work: (client: TransactionClient) => Promise<T>): Promise<T> {
    slot.reserved = true
    const state = { over: false }
    // Its statements are watched by PostgreSQL; the whole may take longer than one of them.
    const entry = { realm, since: performance.now() + 10_000 }
    slot.inFlight.push(entry)
    let lose: (error: unknown) => void
    const lost = new Promise<never>((_resolve, reject) => lose = reject)
    try {
      return await Promise.race([lost, slot.sql.begin(async (client) => {
        try {
          return await work(guard(client, state))
        }
        catch (error) {
          if (!state.over && !slot.retired && !isConnectionError(error)) throw error
          // postgres.js would send a ROLLBACK after it, which throws past everyone where the connection is gone.
          lose(error)
          return new Promise<never>(() => {})
        }
      })]) as T
    }
    catch (error) {
      throw translate(slot, error)
    }
    finally {
      state.over = true
      slot.inFlight.splice(slot.inFlight.indexOf(entry), 1)
      slot.reserved = false
      line.advance()
    }
  }

  /** The callback may still be running after begin() has rejected; whatever it asks then goes nowhere. */
  function guard(client: TransactionSql, state: { over: boolean }): TransactionClient {
    return {
      options: { parsers: {}, serializers: {} },
      unsafe(text, params = []) {
        if (state.over) throw new Error('The transaction is over.')
        return client.unsafe(text, params as never[], { prepare: params.length > 0 })
      },
    }
  }

  function translate(slot: Slot, error: unknown): unknown {
    if (isConnectionError(error)) {
      retire(slot, 0)
      return Object.assign(unavailable(), { cause: error })
    }
    return isTimeout(error) ? Object.assign(unavailable(), { cause: error }) : error
  }

  /** @param grace seconds that what is in flight has to finish */
  function retire(slot: Slot, grace: number): void {
    if (slot.retired) return
    slot.retired = true
    const place = slots.indexOf(slot)
    if (place >= 0 && !ended) slots[place] = open()
    // What is still in flight is told by its own rejection; the end of a lost connection has nothing to add.
    slot.sql.end({ timeout: grace }).catch(() => {})
    line.advance()
  }

  // A half-open connection answers nothing, not even a time-out.
  function retireHanging(): void {
    const limit = performance.now() - statementTimeout - 1_000
    for (const slot of [...slots]) if (slot.inFlight[0] && slot.inFlight[0].since < limit) retire(slot, 0)
  }

  function open(): Slot {
    const slot: Slot = {
      sql: postgres(url, {
        max: 1,
        connect_timeout: 2,
        max_lifetime: 30 * 60 + Math.floor(Math.random() * 600),
        fetch_types: false,
        onnotice: () => {},
        onclose: () => retire(slot, 0),
        connection: {
          application_name: options.applicationName ?? 'tenantry',
          statement_timeout: statementTimeout,
          lock_timeout: options.lockTimeout ?? 1_500,
          idle_in_transaction_session_timeout: options.idleTimeout ?? 10_000,
        },
      }),
      inFlight: [],
      reserved: false,
      retired: false,
      statements: new Set(),
    }
    // drizzle reads dates and JSON by itself and sets the client's parsers so.
    drizzle(slot.sql)
    return slot
  }

  function inspect() {
    return { size: slots.length, busy: slots.filter(slot => !isIdle(slot)).length, waiting: line.length() }
  }

  async function end(): Promise<void> {
    ended = true
    clearInterval(watch)
    line.dismiss()
    await Promise.all(slots.map(slot => slot.sql.end({ timeout: 5 })))
  }
}
