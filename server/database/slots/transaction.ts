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

/** The client of a transaction. Its statements run one after another, even if several callers send them. */
export interface TransactionClient extends GuardedClient {
  /** For COPY. Answers are not verified. */
  raw(text: string): PendingQuery<Row[]>
  /** The same for what an operator has written, which need not keep our rules. */
  foreign(text: string): PendingQuery<Row[]>
}

/**
 * Runs `work` in a transaction on a slot that the caller has taken.
 * @param onError called with the error of a failed statement, before the transaction ends
 * @throws whatever `work` throws, after a rollback; ApiError 503 when the slot was retired meanwhile
 */
export async function runTransaction<T>(
  slot: Slot,
  work: (client: TransactionClient) => Promise<T>,
  onError: (error: unknown) => void,
): Promise<T> {
  const transaction: Transaction = { slot, onError, over: false }
  const lost = Promise.withResolvers<never>()
  const begun = slot.sql.begin(async client => {
    try {
      const result = await work(guard(transaction, client))
      // Even if its statements succeeded, it can no longer be committed.
      if (slot.retired) throw unavailable()
      return result
    } catch (error) {
      if (!transaction.over && !slot.retired && !isConnectionError(error)) throw error
      // postgres.js would then send a ROLLBACK, which fails outside of any handler when the connection is lost.
      lost.reject(error)
      return new Promise<never>(() => {})
    }
  })
  try {
    return (await Promise.race([lost.promise, begun])) as T
  } finally {
    transaction.over = true
  }
}

interface Transaction {
  slot: Slot
  onError: (error: unknown) => void
  /** The callback may still run after begin() has rejected; its further statements are rejected. */
  over: boolean
}

function guard(transaction: Transaction, client: TransactionSql): TransactionClient {
  const { slot } = transaction
  let last: Promise<unknown> = Promise.resolve()
  return {
    options: { parsers: {}, serializers: {} },
    unsafe: (text, params = []) =>
      lazily(asArrays => {
        const answer = last.then(() => askNow(transaction, client, text, params, asArrays))
        last = answer.catch(() => {})
        return answer
      }),
    raw(text) {
      requireOpen(transaction)
      slot.check?.(text)
      return client.unsafe(text)
    },
    foreign(text) {
      requireOpen(transaction)
      return client.unsafe(text)
    },
  }
}

// Not prepared: a stale prepared statement would make the whole transaction fail.
async function askNow(
  transaction: Transaction,
  client: TransactionSql,
  text: string,
  params: unknown[],
  asArrays: boolean,
): Promise<unknown[]> {
  requireOpen(transaction)
  try {
    return await ask(transaction.slot, client, text, params, { prepare: false, asArrays })
  } catch (error) {
    transaction.onError(error)
    throw error
  }
}

function requireOpen({ over, slot }: Transaction): void {
  if (over || slot.retired) throw new Error('The transaction is over.')
}

/** drizzle sets the row format after it has created a query, so nothing is sent before. */
export function lazily(ask: (asArrays: boolean) => Promise<unknown[]>): ReturnType<GuardedClient['unsafe']> {
  return {
    values: () => ask(true),
    then: (resolve, reject) => ask(false).then(resolve, reject),
  }
}
