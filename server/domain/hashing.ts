import { createHmac } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { compare, getRounds, hash } from 'bcrypt'
import type { PasswordAttempt } from './limits.ts'
import { createTurns } from './turns.ts'

export interface Hashing {
  /** @throws ApiError 503 when too many are waiting */
  hash(password: string): Promise<string>
  /**
   * Takes as long for an account without a password, or none at all, as for a wrong password.
   * @param stored the account's hash, or null
   * @param attempt asked when it is this password's turn, and told when it was wrong: of many sent at once,
   * no more are tried than the limit lets
   * @throws ApiError 503 when too many are waiting, 429
   */
  verify(password: string, stored: string | null, attempt: PasswordAttempt): Promise<boolean>
  /** True when the stored hash was made at another cost than today's. */
  isStale(stored: string): boolean
}

// bcrypt takes a quarter of a second of one core, on libuv's threads: more at once than there are cores only
// slows everything else down, and more waiting than can be done in a few seconds is better told to come back.
const waitingLimit = 40
const waitLimit = 8_000

export function createHashing(options: { pepper: string, cost: number }): Hashing {
  const { pepper, cost } = options
  const runInTurn = createTurns({ parallel: availableParallelism(), waiting: waitingLimit, patience: waitLimit })
  let decoy: Promise<string> | undefined

  return {
    hash: password => runInTurn(() => hash(prepare(password, pepper), cost)),
    async verify(password, stored, attempt) {
      decoy ??= hash(prepare('nobody has this password', pepper), cost)
      const spare = await decoy
      await attempt.admit()
      return runInTurn(async () => {
        await attempt.admit()
        const matches = await compare(prepare(password, pepper), stored ?? spare) && stored !== null
        await (matches ? attempt.forgive() : attempt.countFailure())
        return matches
      })
    },
    isStale: stored => getRounds(stored) !== cost,
  }
}

// bcrypt reads 72 bytes and stops at NUL; an HMAC in base64 keeps every password whole, and the pepper
// keeps a stolen table useless without the configuration.
function prepare(password: string, pepper: string): string {
  return createHmac('sha384', pepper).update(password.normalize('NFC')).digest('base64')
}
