import { createHmac } from 'node:crypto'
import { availableParallelism } from 'node:os'
import * as native from 'bcrypt'
import { createLimiter } from '#server/domain/lib/limiter.ts'
import type { PasswordAttempt } from './limits.ts'

export interface Hashing {
  /** @param realm whose turn it is, by its schema. @throws ApiError 503 when too many are waiting */
  hash(realm: string, password: string): Promise<string>
  /**
   * Refuses in the same time whatever the hash cost, and where there is none: each refusal takes as much hashing as a
   * hash of the highest cost.
   * @param stored the account's hash, or null
   * @param costliest the highest cost among the hashes that `stored` may be
   * @param attempt asked when it is this password's turn, and told when it was wrong: of many sent at once,
   * no more are tried than the limit lets
   * @throws ApiError 503 when too many are waiting, 429
   */
  verify(
    realm: string,
    password: string,
    stored: string | null,
    costliest: number,
    attempt: PasswordAttempt,
  ): Promise<boolean>
  /** True when the stored hash was made at another cost than today's. */
  isStale(stored: string): boolean
}

// bcrypt takes a quarter of a second of one core, on libuv's threads: more at once than there are cores only
// slows everything else down, and more waiting than can be done in a few seconds is better told to come back.
const waitingLimit = 40
const waitLimit = 8_000

export interface HashingOptions {
  pepper: string
  cost: number
  /** Another one to count its work. */
  bcrypt?: {
    hash(text: string, cost: number): Promise<string>
    compare(text: string, stored: string): Promise<boolean>
  }
}

export function createHashing(options: HashingOptions): Hashing {
  const { pepper, cost, bcrypt = native } = options
  const limiter = createLimiter({ parallel: availableParallelism(), waiting: waitingLimit, waitLimit })
  let decoy: Promise<string> | undefined
  return {
    hash: (realm, password) => limiter.run(realm, () => bcrypt.hash(prepare(password, pepper), cost)),
    async verify(realm, password, stored, costliest, attempt) {
      decoy ??= bcrypt.hash(prepare('nobody has this password', pepper), cost)
      const spare = await decoy
      await attempt.admit()
      return limiter.run(realm, () => tryPassword(options, password, { stored, spare, costliest }, attempt))
    },
    isStale: stored => native.getRounds(stored) !== cost,
  }
}

async function tryPassword(
  options: HashingOptions,
  password: string,
  { stored, spare, costliest }: { stored: string | null; spare: string; costliest: number },
  attempt: PasswordAttempt,
): Promise<boolean> {
  const { pepper, cost, bcrypt = native } = options
  await attempt.admit()
  const matches = (await bcrypt.compare(prepare(password, pepper), stored ?? spare)) && stored !== null
  if (!matches) await topUp(options, native.getRounds(stored ?? spare), Math.max(cost, costliest))
  await (matches ? attempt.forgive() : attempt.countFailure())
  return matches
}

// A hash of cost n takes 2ⁿ rounds; one each of n to m - 1 besides make it 2ᵐ.
async function topUp({ pepper, bcrypt = native }: HashingOptions, done: number, wanted: number): Promise<void> {
  for (let cost = done; cost < wanted; cost++) await bcrypt.hash(prepare('', pepper), cost)
}

// bcrypt reads 72 bytes and stops at NUL; an HMAC in base64 keeps every password whole, and the pepper
// keeps a stolen table useless without the configuration.
function prepare(password: string, pepper: string): string {
  return createHmac('sha384', pepper).update(password.normalize('NFC')).digest('base64')
}
