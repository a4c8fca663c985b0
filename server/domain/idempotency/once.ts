import { reasonOf } from '#server/database/errors.ts'
import type { Db, Realm } from '#server/database/realms.ts'
import type { App } from '#server/domain/context.ts'
import { ApiError } from '#shared/errors.ts'
import type { Claim } from './claim.ts'
import type { KeyedRequest } from './derive.ts'
import { sealAnswer } from './derive.ts'
import type { Idempotency } from './keys.ts'
import { claimKey, findAnswer, releaseKeys, storeAnswer } from './keys.ts'

/** Work that is done at most once for a key. */
export interface KeyedWork {
  app: App
  realm: Realm
  kind: Idempotency
  /** The request as each secret derives it: first the current one, then the fallback if there is one. */
  requests: KeyedRequest[]
  /** The one that the transactions of `work` begin with. */
  claim: Claim
  work: () => unknown
}

/**
 * Does the work of a request, unless its key was used before.
 * @returns the answer, which may be that of an earlier request
 * @throws ApiError 409, 422, and what the work throws
 */
export async function doOnce(keyed: KeyedWork): Promise<unknown> {
  const { realm, kind, requests } = keyed
  const former = await findAnswer(realm, kind, requests)
  if (former) return former.answer
  return kind === 'once' ? doInOneTransaction(keyed) : doRepeatably(keyed)
}

async function doInOneTransaction({ app, realm, kind, requests, claim, work }: KeyedWork): Promise<unknown> {
  claim.take = tx => claimKey(tx, realm, kind, requests)
  try {
    const answer = await work()
    await keep(app, () => storeSealed(realm, requests, answer))
    return answer
  } catch (error) {
    // Another request with this key may have been faster: then the work fails, for example because a name is taken.
    const twin = claim.isHeld || isOfCaller(error) ? undefined : await findAnswer(realm, kind, requests)
    if (twin) return twin.answer
    throw error
  } finally {
    claim.take = undefined
  }
}

async function doRepeatably({ app, realm, kind, requests, work }: KeyedWork): Promise<unknown> {
  const claimIn = (db: Db) => claimKey(db, realm, kind, requests)
  // Both rows, or neither.
  await (requests.length > 1 ? realm.transaction(claimIn) : claimIn(realm.db))
  try {
    const answer = await work()
    await keep(app, () => storeSealed(realm, requests, answer))
    return answer
  } catch (error) {
    await keep(app, () => releaseKeys(realm, requests))
    throw error
  }
}

async function storeSealed(realm: Realm, requests: KeyedRequest[], answer: unknown): Promise<void> {
  for (const request of requests) await storeAnswer(realm, request, await sealAnswer(request, answer))
}

// The work is done: what fails here must not become its answer.
async function keep({ log }: App, store: () => Promise<void>): Promise<void> {
  try {
    await store()
  } catch (error) {
    log.warn({ event: 'idempotency_key_update_failed', reason: reasonOf(error) })
  }
}

function isOfCaller(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 401 || error.status === 403)
}
