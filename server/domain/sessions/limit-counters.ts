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
export function createCounters<Rules extends Record<string, Rule>>(slots: Slots, rules: Rules) {
  type Name = keyof Rules & string
  const storeClient = {
    query: async ({ text, values }: { text: string; values: unknown[] }) => {
      const rows = await slots.query('platform', text, values, false)
      return { rows, rowCount: rows.length }
    },
  }
  const limiters = Object.fromEntries(
    Object.entries(rules).map(([name, rule]) => [
      name,
      new RateLimiterPostgres({
        ...rule,
        storeClient,
        storeType: 'client',
        keyPrefix: name,
        schemaName: 'platform',
        tableName: 'rate_limits',
        tableCreated: true,
      }),
    ]),
  ) as Record<Name, RateLimiterPostgres>

  return { check, count, consume, consumeAll, consumeWithin, forget, giveBack }

  /** @throws ApiError 429 if the limit is reached */
  async function check(rule: Name, key: string): Promise<void> {
    const state = await limiters[rule].get(key)
    if (state && state.consumedPoints >= rules[rule]!.points) throw refusal(rule, state)
  }

  /** @returns false if this point exceeds the limit; the next check then throws */
  async function count(rule: Name, key: string): Promise<boolean> {
    return (await tryConsume(rule, key, 1)) === undefined
  }

  /** Counts this many points, or none if they exceed the limit. @throws ApiError 429 */
  async function consume(rule: Name, key: string, points = 1): Promise<void> {
    const state = await tryConsume(rule, key, points)
    if (!state) return
    if (points > 1) await limiters[rule].reward(key, points)
    throw refusal(rule, state)
  }

  /** The same with several rules, the narrowest first: points that it refuses are not counted by the others. */
  async function consumeAll(counted: Counted<Name>[]): Promise<void> {
    for (const [rule, key] of counted) await consume(rule, key)
  }

  /**
   * Counts one point for each key, in the transaction of the counted action: if that fails, nothing is counted.
   * @throws ApiError 429
   */
  async function consumeWithin(tx: Db, rule: Name, keys: string[]): Promise<void> {
    const { points, duration } = rules[rule]!
    // In a fixed order, so that two transactions do not deadlock.
    const names = [...new Set(keys)].sort().map(key => sql`${`${rule}:${key}`}`)
    if (names.length === 0) return
    const now = Date.now()
    const rows = await tx.execute<{ points: number; expire: number }>(sql`
      insert into platform.rate_limits as counted (key, points, expire)
      select key, 1, ${now + duration * 1000}::bigint from unnest(array[${sql.join(names, sql`, `)}]::text[]) as key
      on conflict (key) do update set
        points = case when counted.expire <= ${now}::bigint then 1 else counted.points + 1 end,
        expire = case when counted.expire <= ${now}::bigint then excluded.expire else counted.expire end
      returning points, expire`)
    const refused = rows.find(row => row.points > points)
    if (refused) throw throttled((Number(refused.expire) - now) / 1000, rule)
  }

  async function forget(rule: Name, key: string): Promise<void> {
    await limiters[rule].delete(key)
  }

  async function giveBack(counted: Counted<Name>[]): Promise<void> {
    await Promise.all(counted.map(([rule, key]) => limiters[rule].reward(key)))
  }

  /** @returns the state of the counter, if the limit was exceeded */
  async function tryConsume(rule: Name, key: string, points: number): Promise<RateLimiterRes | undefined> {
    try {
      return void (await limiters[rule].consume(key, points))
    } catch (state) {
      if (!(state instanceof RateLimiterRes)) throw state
      return state
    }
  }

  function refusal(rule: Name, { msBeforeNext }: RateLimiterRes) {
    return throttled(msBeforeNext / 1000, rule)
  }
}
