import { createHash } from 'node:crypto'
import { RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible'
import { throttled } from '../../shared/errors.ts'
import type { Slots } from '../database/slots.ts'

/**
 * Every limit of the product, counted in PostgreSQL and so shared by all processes and kept over a restart.
 * `points` in `duration` seconds.
 */
const rules = {
  /** Wrong passwords for one account from one address. */
  password_pair: { points: 10, duration: 15 * 60 },
  /** Wrong passwords from one address, whatever the account. */
  password_address: { points: 100, duration: 15 * 60 },
  /** Links with a wrong token from one address. */
  link_address: { points: 20, duration: 15 * 60 },
} as const

type RuleName = keyof typeof rules

export interface Limits {
  /** The tries of one account's password from one address. */
  passwordAttempt(realm: string, account: string, ip: string | null): PasswordAttempt
  /** Counts a wrong link. */
  countWrongLink(realm: string, ip: string | null): Promise<void>
  /** @throws ApiError 429 when the address has tried too many wrong links */
  checkLinks(realm: string, ip: string | null): Promise<void>
}

export interface PasswordAttempt {
  /** @throws ApiError 429 when too many have failed */
  admit(): Promise<void>
  countFailure(): Promise<void>
  /** A right password clears the pair of account and address. */
  forgive(): Promise<void>
}

export function createLimits(slots: Slots): Limits {
  const storeClient = {
    query: async ({ text, values }: { text: string, values: unknown[] }) => {
      const rows = await slots.query('platform', text, values, false)
      return { rows, rowCount: rows.length }
    },
  }
  const limiters = Object.fromEntries(Object.entries(rules).map(([name, rule]) => [name, new RateLimiterPostgres({
    ...rule, storeClient, storeType: 'client', keyPrefix: name, schemaName: 'platform', tableName: 'rate_limits', tableCreated: true,
  })])) as Record<RuleName, RateLimiterPostgres>

  return {
    passwordAttempt(realm, account, ip) {
      const address = keyOf(realm, ip)
      const pair = keyOf(realm, ip, account)
      return {
        admit: async () => void await Promise.all([check('password_pair', pair), check('password_address', address)]),
        countFailure: async () => void await Promise.all([count('password_pair', pair), count('password_address', address)]),
        forgive: async () => void await limiters.password_pair.delete(pair),
      }
    },
    countWrongLink: (realm, ip) => count('link_address', keyOf(realm, ip)),
    checkLinks: (realm, ip) => check('link_address', keyOf(realm, ip)),
  }

  async function check(rule: RuleName, key: string): Promise<void> {
    const state = await limiters[rule].get(key)
    if (state && state.consumedPoints >= rules[rule].points) throw throttled(state.msBeforeNext / 1000)
  }

  async function count(rule: RuleName, key: string): Promise<void> {
    try {
      await limiters[rule].consume(key)
    }
    catch (refusal) {
      // One too many: the next check says so.
      if (!(refusal instanceof RateLimiterRes)) throw refusal
    }
  }
}

// Hashed, so that the table tells nobody who tried to sign in, and a key is never too long.
function keyOf(...parts: (string | null)[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url')
}
