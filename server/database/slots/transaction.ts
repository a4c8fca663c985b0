import type { PendingQuery, Row, TransactionSql } from 'postgres'
import { isConnectionError } from '#server/database/errors.ts'
import { unavailable } from '#shared/errors.ts'
import type { Slot } from './slot.ts'
import { ask } from './slot.ts'

/** The part of a postgres.js client that drizzle uses. */
export interface GuardedClient {
  options: { parsers: object; serializers: object }
  unsafe(text: string, params?: unknown[]): PromiseLike<unknown[]> & { values(): PromiseLike<unknown[]> }
}

/** A transaction's own. Its statements run one after the other, whoever sends them. */
export interface TransactionClient extends GuardedClient {
  /** For what is no plain statement: COPY, cursors, scripts. What it answers is not proven. */
  raw(text: string, params?: unknown[]): PendingQuery<Row[]>
}

/**
 * Runs `work` in a transaction on a slot that the caller has taken.
 * @param onError told of what a statement has failed with, before the transaction is
 * @throws whatever `work` throws, after a rollback; ApiError 503 where the slot was retired meanwhile
 */
export async function runTransaction<T>(
  slot: Slot,
  work: (client: TransactionClient) => Promise<T>,
  onError: (error: unknown) => void,
): Promise<T> {
  const state = { over: false }
  const lost = Promise.withResolvers<never>()
  const begun = slot.sql.begin(async client => {
    try {
      const result = await work(guard(slot, client, state, onError))
      // Whatever became of its statements, it cannot be committed any more.
      if (slot.retired) throw unavailable()
      return result
    } catch (error) {
      if (!state.over && !slot.retired && !isConnectionError(error)) throw error
      // postgres.js would send a ROLLBACK after it, which throws past everyone where the connection is gone.
      lost.reject(error)
      return new Promise<never>(() => {})
    }
  })
  try {
    return (await Promise.race([lost.promise, begun])) as T
  } finally {
    state.over = true
  }
}

/** The callback may still be running after begin() has rejected; whatever it asks then goes nowhere. */
function guard(
  slot: Slot,
  client: TransactionSql,
  state: { over: boolean },
  onError: (error: unknown) => void,
): TransactionClient {
  let last: Promise<unknown> = Promise.resolve()

  return {
    options: { parsers: {}, serializers: {} },
    unsafe: (text, params = []) =>
      lazily(asArrays => {
        const answer = last.then(() => askNow(text, params, asArrays))
        last = answer.catch(() => {})
        return answer
      }),
    raw(text, params = []) {
      requireOpen()
      return client.unsafe(text, params as never[])
    },
  }

  // Not prepared: a transaction in which a statement turned out to be stale could not be saved.
  async function askNow(text: string, params: unknown[], asArrays: boolean): Promise<unknown[]> {
    requireOpen()
    try {
      return await ask(slot, client, text, params, { prepare: false, asArrays })
    } catch (error) {
      onError(error)
      throw error
    }
  }

  function requireOpen(): void {
    if (state.over || slot.retired) throw new Error('The transaction is over.')
  }
}

/** drizzle says after it has made a query how it wants the rows: nothing is sent before. */
export function lazily(ask: (asArrays: boolean) => Promise<unknown[]>): ReturnType<GuardedClient['unsafe']> {
  return {
    values: () => ask(true),
    then: (resolve, reject) => ask(false).then(resolve, reject),
  }
}
