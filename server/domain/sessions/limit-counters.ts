import { createHash } from 'node:crypto'
import { sql } from 'drizzle-orm'
import { RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible'
import type { Db } from '#server/database/realms.ts'
import type { Slots } from '#server/database/slots/slots.ts'
import { throttled } from '#shared/errors.ts'

/** `points` in `duration` seconds. */
export interface Rule {
  points: number
  duration: number
  inMemoryBlockOnConsumed?: number
}

/** What is counted, and per what. */
export type Counted<Name> = [rule: Name, key: string]

/** Counts in PostgreSQL, shared by all processes and kept over a restart. */
export interface Counters<Name extends string> {
  /** @throws ApiError 429 if the limit is reached */
  check(rule: Name, key: string): Promise<void>
  /** @returns false if this point exceeds the limit; the next check then throws */
  count(rule: Name, key: string): Promise<boolean>
  /** Counts this many points, or none if they exceed the limit. @throws ApiError 429 */
  consume(rule: Name, key: string, points?: number): Promise<void>
  /** The same with several rules, the narrowest first: points that it refuses are not counted by the others. */
  consumeAll(counted: Counted<Name>[]): Promise<void>
  /**
   * Counts one point for each key, in the transaction of the counted action: if that fails, nothing is counted.
   * @throws ApiError 429
   */
  consumeWithin(tx: Db, rule: Name, keys: string[]): Promise<void>
  forget(rule: Name, key: string): Promise<void>
  giveBack(counted: Counted<Name>[]): Promise<void>
}

/** Opens the counters of a set of rules. */
export function createCounters<Name extends string>(slots: Slots, rules: Record<Name, Rule>): Counters<Name> {
  const counters = openCounters(slots, rules)
  return {
    check: (rule, key) => check(counters[rule], key),
    count: async (rule, key) => (await tryConsume(counters[rule], key, 1)) === undefined,
    consume: (rule, key, points = 1) => consume(counters[rule], key, points),
    async consumeAll(counted) {
      for (const [rule, key] of counted) await consume(counters[rule], key, 1)
    },
    consumeWithin: (tx, rule, keys) => consumeWithin(tx, counters[rule], keys),
    forget: async (rule, key) => void (await counters[rule].limiter.delete(key)),
    giveBack: async counted =>
      void (await Promise.all(counted.map(([rule, key]) => counters[rule].limiter.reward(key)))),
  }
}

/** Counts by one rule. */
interface Counter {
  name: string
  rule: Rule
  limiter: RateLimiterPostgres
}

function openCounters<Name extends string>(slots: Slots, rules: Record<Name, Rule>): Record<Name, Counter> {
  const storeClient = {
    query: async ({ text, values }: { text: string; values: unknown[] }) => {
      const rows = await slots.query('platform', text, values, false)
      return { rows, rowCount: rows.length }
    },
  }
  return Object.fromEntries(
    Object.entries<Rule>(rules).map(([name, rule]) => [
      name,
      { name, rule, limiter: openLimiter(storeClient, name, rule) },
    ]),
  ) as Record<Name, Counter>
}

function openLimiter(storeClient: object, name: string, rule: Rule): RateLimiterPostgres {
  return new RateLimiterPostgres({
    ...rule,
    storeClient,
    storeType: 'client',
    keyPrefix: name,
    schemaName: 'platform',
    tableName: 'rate_limits',
    tableCreated: true,
  })
}

async function check(counter: Counter, key: string): Promise<void> {
  const state = await counter.limiter.get(key)
  if (state && state.consumedPoints >= counter.rule.points) throw refusal(counter, state)
}

async function consume(counter: Counter, key: string, points: number): Promise<void> {
  const state = await tryConsume(counter, key, points)
  if (!state) return
  if (points > 1) await counter.limiter.reward(key, points)
  throw refusal(counter, state)
}

/** @returns how it stands, where that was too many */
async function tryConsume({ limiter }: Counter, key: string, points: number): Promise<RateLimiterRes | undefined> {
  try {
    return void (await limiter.consume(key, points))
  } catch (state) {
    if (!(state instanceof RateLimiterRes)) throw state
    return state
  }
}

async function consumeWithin(tx: Db, { name, rule }: Counter, keys: string[]): Promise<void> {
  // In one order, so that two transactions do not wait for each other.
  const names = [...new Set(keys)].sort().map(key => `${name}:${key}`)
  if (names.length === 0) return
  const now = Date.now()
  const rows = await addPoints(tx, names, now, rule.duration)
  const refused = rows.find(({ points }) => points > rule.points)
  if (refused) throw throttled((Number(refused.expire) - now) / 1000, name)
}

function addPoints(tx: Db, names: string[], now: number, duration: number) {
  const values = sql.join(
    names.map(name => sql`${name}`),
    sql`, `,
  )
  return tx.execute<{ points: number; expire: number }>(sql`
    insert into platform.rate_limits as counted (key, points, expire)
    select key, 1, ${now + duration * 1000}::bigint from unnest(array[${values}]::text[]) as key
    on conflict (key) do update set
      points = case when counted.expire <= ${now}::bigint then 1 else counted.points + 1 end,
      expire = case when counted.expire <= ${now}::bigint then excluded.expire else counted.expire end
    returning points, expire`)
}

function refusal({ name }: Counter, { msBeforeNext }: RateLimiterRes) {
  return throttled(msBeforeNext / 1000, name)
}

/**
 * @returns a key of a counter: hashed, so that the table does not reveal who tried to sign in, and it is never too long
 */
export function keyOf(...parts: (string | null)[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url')
}
