import { and, eq, gt, isNull, lte, or } from 'drizzle-orm'
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
  request: KeyedRequest,
): Promise<{ answer: unknown } | undefined> {
  const [found] = await db
    .select({ digest: keys.digest, answer: keys.answer, created: keys.created })
    .from(keys)
    .where(and(eq(keys.key, request.key), gt(keys.created, ago(keyLife))))
    .catch((error: unknown) => {
      throw isTableMissing(error) ? unavailable() : error
    })
  if (!found) return undefined
  if (found.digest !== request.digest) throw reused()
  if (found.answer !== null) return { answer: await openAnswer(request, found.answer) }
  if (found.created > ago(patience[kind])) throw inUse()
  if (kind === 'once') throw answerLost()
  return undefined
}

/**
 * Claims a key, in the transaction of the work if it has only one. Waits for another transaction that has claimed it.
 * @throws ApiError 409 if another request has it
 */
export async function claimKey(
  db: Db,
  { tables: { idempotency_keys: keys } }: Realm,
  kind: Idempotency,
  { key, digest }: KeyedRequest,
): Promise<void> {
  const isInterrupted = and(isNull(keys.answer), lte(keys.created, ago(patience.repeatable)))
  const isOver = lte(keys.created, ago(keyLife))
  const fresh = { digest, answer: null, created: new Date() }
  const claimed = await db
    .insert(keys)
    .values({ key, ...fresh })
    .onConflictDoUpdate({
      target: keys.key,
      set: fresh,
      setWhere: kind === 'repeatable' ? or(isOver, isInterrupted) : isOver,
    })
    .returning({ created: keys.created })
    .catch((error: unknown) => {
      throw isTimeout(error) ? inUse() : error
    })
  if (claimed.length === 0) throw inUse()
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
export async function releaseKey(
  { db, tables: { idempotency_keys: keys } }: Realm,
  { key, digest }: KeyedRequest,
): Promise<void> {
  await db.delete(keys).where(and(eq(keys.key, key), eq(keys.digest, digest), isNull(keys.answer)))
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
