import { createHmac } from 'node:crypto'
import { availableParallelism } from 'node:os'
import * as native from 'bcrypt'
import type { Secret } from '#server/config/secrets.ts'
import { createLimiter } from '#server/domain/lib/limiter.ts'
import { hasPepper, markedSalt } from '#server/domain/secrets/pepper-marks.ts'
import type { PasswordAttempt } from './password-limits.ts'

export interface Hashing {
  /** @param realm the tenant's schema. @throws ApiError 503 when too many are waiting */
  hash(realm: string, password: string): Promise<string>
  /**
   * A refusal takes the same time for every hash cost, and for a missing hash: it takes as much hashing as a hash of
   * the highest cost. While there is a fallback of the pepper, it takes twice as much, for everybody.
   * @param stored the user's hash, or null
   * @param costliest the highest cost that a hash of the realm may have
   * @param attempt asked before hashing, and told after a wrong password: of many parallel attempts, only as many are
   * tried as the limit allows
   * @returns undefined if the password is wrong, or else whether it should be hashed again: the stored hash has another
   * cost than the configured one or, while there is a fallback, may have another pepper
   * @throws ApiError 503 when too many are waiting, 429
   */
  verify(
    realm: string,
    password: string,
    stored: string | null,
    costliest: number,
    attempt: PasswordAttempt,
  ): Promise<{ isStale: boolean } | undefined>
  /** How many hashes are computed, and how many wait. */
  inspect(): { running: number; waiting: number }
}

// bcrypt takes a quarter of a second of one core, on libuv's threads. More parallel hashes than cores only slow
// everything down. If more are waiting than can be done in a few seconds, a refusal with Retry-After is better.
const waitingLimit = 40
const waitLimit = 8_000

export interface HashingOptions {
  pepper: Secret
  cost: number
  /** A replacement that counts its work, in tests. */
  bcrypt?: {
    /** @param salt or a cost, for a random salt */
    hash(text: string, salt: string | number): Promise<string>
    compare(text: string, stored: string): Promise<boolean>
  }
}

export function createHashing(options: HashingOptions): Hashing {
  const { pepper, cost, bcrypt = native } = options
  const limiter = createLimiter({ parallel: availableParallelism(), waiting: waitingLimit, waitLimit })
  let decoy: Promise<string> | undefined
  return {
    hash: (realm, password) =>
      limiter.run(realm, () => bcrypt.hash(prepare(password, pepper.current), markedSalt(pepper.current, cost))),
    async verify(realm, password, stored, costliest, attempt) {
      decoy ??= bcrypt.hash(prepare('nobody has this password', pepper.current), cost)
      const spare = await decoy
      await attempt.admit()
      return limiter.run(realm, () => tryPassword(options, password, { stored, spare, costliest }, attempt))
    },
    inspect: limiter.inspect,
  }
}

async function tryPassword(
  options: HashingOptions,
  password: string,
  { stored, spare, costliest }: { stored: string | null; spare: string; costliest: number },
  attempt: PasswordAttempt,
): Promise<{ isStale: boolean } | undefined> {
  const { pepper, cost } = options
  await attempt.admit()
  const matching = await findPepper(options, password, stored ?? spare, Math.max(cost, costliest))
  const matches = matching !== undefined && stored !== null
  await (matches ? attempt.forgive() : attempt.countFailure())
  if (!matches) return undefined
  const isMarked = pepper.fallback === undefined || hasPepper(pepper.current, stored)
  return { isStale: native.getRounds(stored) !== cost || matching !== pepper.current || !isMarked }
}

/** @returns the pepper with which the hash is that of the password. A refusal has tried each of them. */
async function findPepper(options: HashingOptions, password: string, stored: string, costliest: number) {
  const { pepper, bcrypt = native } = options
  if (await bcrypt.compare(prepare(password, pepper.current), stored)) return pepper.current
  await topUp(options, native.getRounds(stored), costliest)
  if (pepper.fallback === undefined) return undefined
  if (await bcrypt.compare(prepare(password, pepper.fallback), stored)) return pepper.fallback
  await topUp(options, native.getRounds(stored), costliest)
  return undefined
}

// A hash of cost n takes 2ⁿ rounds; one each of n to m - 1 besides make it 2ᵐ.
async function topUp({ pepper, bcrypt = native }: HashingOptions, done: number, wanted: number): Promise<void> {
  for (let cost = done; cost < wanted; cost++) await bcrypt.hash(prepare('', pepper.current), cost)
}

// bcrypt reads 72 bytes and stops at NUL. An HMAC in base64 uses the whole password, and the pepper makes a stolen
// table useless without the configuration.
function prepare(password: string, pepper: string): string {
  return createHmac('sha384', pepper).update(password.normalize('NFC')).digest('base64')
}
