import { drizzle } from 'drizzle-orm/postgres-js'
import type { PendingQuery, Row, Sql, TransactionSql } from 'postgres'
import postgres from 'postgres'
import { unavailable } from '../../shared/errors.ts'
import { isConnectionError, isTimeout } from './errors.ts'

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

interface Slot {
  sql: Sql
  /** In the order sent, which is the order in which one connection answers. */
  inFlight: { realm: string, since: number }[]
  reserved: boolean
  retired: boolean
  statements: Set<string>
}

const waitLimit = 2_000
const waitersLimit = 500
const pipelineLimit = 200
// A query that has run this long is no longer one to queue behind.
const stallLimit = 150
// Prepared statements live as long as their connection and name their schema: with many tenants they add up.
const statementsLimit = 2_000

export function createSlots(url: string, options: SlotsOptions): Slots {
  const statementTimeout = options.statementTimeout ?? 5_000
  const slots: Slot[] = Array.from({ length: options.size }, open)
  const waiters: { wake: () => void, fail: (error: Error) => void, timer: NodeJS.Timeout }[] = []
  let ended = false
  const watch = setInterval(retireHanging, 500)
  watch.unref()

  return { query, transaction, inspect, end }

  async function query(realm: string, text: string, params: unknown[], asArrays: boolean): Promise<unknown[]> {
    let slot = chooseForQuery(realm)
    while (!slot) {
      await waitForRelease()
      slot = chooseForQuery(realm)
    }
    return run(slot, realm, text, params, asArrays)
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
      release()
    }
  }

  async function transaction<T>(realm: string, work: (client: TransactionClient) => Promise<T>): Promise<T> {
    let slot = chooseForTransaction(realm)
    while (!slot) {
      await waitForRelease()
      slot = chooseForTransaction(realm)
    }
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
          if (!state.over && !slot!.retired && !isConnectionError(error)) throw error
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
      release()
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

  function chooseForQuery(realm: string): Slot | undefined {
    if (ended) throw unavailable()
    const [first, second] = homeSlots(realm)
    const home = first.inFlight.length <= second.inFlight.length ? [first, second] : [second, first]
    const usable = home.filter(slot => !slot.reserved && slot.inFlight.length < pipelineLimit)
    const isOwn = (slot: Slot) => slot.inFlight[0]?.realm === realm
    // Behind somebody else's query only when no slot is free: it may turn out to wait for a lock.
    const free = usable.find(slot => !isStalled(slot) && (isIdle(slot) || isOwn(slot))) ?? (usable.some(isOwn) ? undefined : slots.find(isIdle))
    // A realm waits for its own slow queries and is not let loose on the others' slots; it moves only for somebody else's.
    const ready = free ?? usable.find(slot => !isStalled(slot)) ?? usable.find(isOwn)
    return ready ?? slots.filter(slot => !slot.reserved && !isStalled(slot) && slot.inFlight.length < pipelineLimit)
      .sort((a, b) => a.inFlight.length - b.inFlight.length)[0]
  }

  function chooseForTransaction(realm: string): Slot | undefined {
    if (ended) throw unavailable()
    const home = homeSlots(realm)
    return home.find(isIdle) ?? slots.find(isIdle)
      ?? home.find(slot => !slot.reserved && !isStalled(slot))
      ?? slots.find(slot => !slot.reserved && !isStalled(slot))
  }

  function homeSlots(realm: string): [Slot, Slot] {
    const hash = hashOf(realm)
    const first = hash % slots.length
    const step = slots.length > 1 ? 1 + (hash >>> 8) % (slots.length - 1) : 0
    return [slots[first]!, slots[(first + step) % slots.length]!]
  }

  function waitForRelease(): Promise<void> {
    if (waiters.length >= waitersLimit) throw unavailable()
    return new Promise((wake, fail) => {
      const timer = setTimeout(() => {
        waiters.splice(waiters.indexOf(waiter), 1)
        fail(unavailable())
      }, waitLimit)
      const waiter = { wake, fail, timer }
      waiters.push(waiter)
    })
  }

  function release(): void {
    const waiter = waiters.shift()
    if (!waiter) return
    clearTimeout(waiter.timer)
    waiter.wake()
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
    release()
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
    return { size: slots.length, busy: slots.filter(slot => !isIdle(slot)).length, waiting: waiters.length }
  }

  async function end(): Promise<void> {
    ended = true
    clearInterval(watch)
    for (const waiter of waiters.splice(0)) {
      clearTimeout(waiter.timer)
      waiter.fail(unavailable())
    }
    await Promise.all(slots.map(slot => slot.sql.end({ timeout: 5 })))
  }
}

function isIdle(slot: Slot): boolean {
  return !slot.reserved && slot.inFlight.length === 0
}

function isStalled(slot: Slot): boolean {
  const oldest = slot.inFlight[0]
  return oldest !== undefined && performance.now() - oldest.since > stallLimit
}

// FNV-1a: spreads names that differ in their last characters.
function hashOf(text: string): number {
  let hash = 0x811C9DC5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 0
}
