import { and, eq, gt, inArray, isNull, lte, or, sql } from 'drizzle-orm'
import { isTableMissing, isTimeout } from '#server/database/errors.ts'
import type { Db, Realm } from '#server/database/realms.ts'
import type { ErrorCode } from '#shared/errors.ts'
import { ApiError, conflict, unavailable } from '#shared/errors.ts'
import type { KeyedRequest } from './derive.ts'
import { openAnswer } from './derive.ts'

/**
 * How a route's work can be repeated. `once`: it has one transaction, in which its key is claimed. `repeatable`: it has
 * several, and doing it again does only what is left to do. See docs/decisions/0023-idempotency-keys.md.
 */
export type Idempotency = 'once' | 'repeatable'

/** Milliseconds for which a key belongs to its request. */
export const keyLife = 24 * 60 * 60_000
/** Milliseconds after which a claim without an answer is no longer taken for work in progress. */
const patience: Record<Idempotency, number> = { once: 60_000, repeatable: 10 * 60_000 }

/**
 * Looks up what the first request with this key was answered.
 * @returns undefined if there is none, or if its work was interrupted and may be done again
 * @throws ApiError 422 if it was another request; 409 while it has no answer, or if the answer was lost; 503 before the
 * schema's migration
 */
export async function findAnswer(
  { db, tables: { idempotency_keys: keys } }: Realm,
  kind: Idempotency,
  requests: KeyedRequest[],
): Promise<{ answer: unknown } | undefined> {
  const rows = await db
    .select({ key: keys.key, digest: keys.digest, answer: keys.answer, created: keys.created })
    .from(keys)
    .where(and(inArray(keys.key, keysOf(requests)), gt(keys.created, ago(keyLife))))
    .catch((error: unknown) => {
      throw isTableMissing(error) ? unavailable() : error
    })
  // Of both, one may lack the answer, if its process has died.
  const found = rows.find(({ answer }) => answer !== null) ?? rows[0]
  if (!found) return undefined
  const request = requests.find(({ key }) => key === found.key)!
  if (found.digest !== request.digest) throw reused()
  if (found.answer !== null) return { answer: await openAnswer(request, found.answer) }
  if (found.created > ago(patience[kind])) throw inUse()
  if (kind === 'once') throw answerLost()
  return undefined
}

/**
 * Claims a key, in the transaction of the work if it has only one. Waits for another transaction that has claimed it.
 * While SECRET is rotated, it is claimed as both secrets derive it, because another process may know only one of them.
 * @throws ApiError 409 if another request has it
 */
export async function claimKey(
  db: Db,
  { tables: { idempotency_keys: keys } }: Realm,
  kind: Idempotency,
  requests: KeyedRequest[],
): Promise<void> {
  const isInterrupted = and(isNull(keys.answer), lte(keys.created, ago(patience.repeatable)))
  const isOver = lte(keys.created, ago(keyLife))
  const fresh = { answer: null, created: new Date() }
  // In the same order everywhere, so that two processes do not wait for each other.
  const rows = requests.map(({ key, digest }) => ({ key, digest, ...fresh })).sort((a, b) => (a.key < b.key ? -1 : 1))
  const claimed = await db
    .insert(keys)
    .values(rows)
    .onConflictDoUpdate({
      target: keys.key,
      set: { ...fresh, digest: sql`excluded.digest` },
      setWhere: kind === 'repeatable' ? or(isOver, isInterrupted) : isOver,
    })
    .returning({ created: keys.created })
    .catch((error: unknown) => {
      throw isTimeout(error) ? inUse() : error
    })
  if (claimed.length < rows.length) throw inUse()
}

/** Stores the answer of a claimed key. @param answer as `sealAnswer` returns it */
export async function storeAnswer(
  { db, tables: { idempotency_keys: keys } }: Realm,
  { key, digest }: KeyedRequest,
  answer: string,
): Promise<void> {
  await db
    .update(keys)
    .set({ answer })
    .where(and(eq(keys.key, key), eq(keys.digest, digest)))
}

/** Frees a key whose work has failed. */
export async function releaseKeys(
  { db, tables: { idempotency_keys: keys } }: Realm,
  requests: KeyedRequest[],
): Promise<void> {
  const areOurs = and(inArray(keys.key, keysOf(requests)), inArray(keys.digest, digestsOf(requests)))
  await db.delete(keys).where(and(areOurs, isNull(keys.answer)))
}

function keysOf(requests: KeyedRequest[]): string[] {
  return requests.map(({ key }) => key)
}

function digestsOf(requests: KeyedRequest[]): string[] {
  return requests.map(({ digest }) => digest)
}

function ago(milliseconds: number): Date {
  return new Date(Date.now() - milliseconds)
}

function reused(): ApiError {
  const code: ErrorCode = 'idempotency_key_reused'
  return new ApiError(422, { detail: 'This Idempotency-Key was used for another request.', code })
}

function inUse(): ApiError {
  const code: ErrorCode = 'idempotency_key_in_use'
  const detail = 'The first request with this Idempotency-Key is in progress.'
  return new ApiError(409, { detail, code }, { 'retry-after': '1' })
}

function answerLost(): ApiError {
  return conflict(
    'The request with this Idempotency-Key was carried out, but its answer was lost.',
    'idempotency_answer_lost',
  )
}
