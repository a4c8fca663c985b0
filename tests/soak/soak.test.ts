import { expect, test } from 'vitest'
import { soak } from '../support/database/soak.ts'

const { env } = process
const tenants = Number(env.SOAK_TENANTS ?? 100)
const requests = Number(env.SOAK_REQUESTS ?? 1_000_000)
/** Milliseconds. A slow machine that starts backends for longer than this does little else. */
const terminateEvery = Number(env.SOAK_TERMINATE_EVERY ?? 30)
/** Milliseconds. Without a rest, a slow machine is busy with these alone. */
const changeEvery = Number(env.SOAK_CHANGE_EVERY ?? 0)
/** Milliseconds. */
const killEvery = Number(env.SOAK_KILL_EVERY ?? 60_000)
const swallowEvery = Number(env.SOAK_SWALLOW_EVERY ?? 60_000)
const restarts = Number(env.SOAK_RESTARTS ?? 6)
/** Minutes of each process's life until its tables, all of which have a limit, are full. */
const warmUp = Number(env.SOAK_WARM_UP ?? 15)
const minutes = Number(env.SOAK_MINUTES ?? Infinity)

test(
  'a million requests of a hundred organisations in all kinds of trouble',
  { timeout: 6 * 60 * 60_000 },
  async () => {
    const troubles = { terminateEvery, changeEvery, killEvery, swallowEvery, restarts }
    const { memory, ...counts } = await soak({ tenants, requests, workers: 2, warmUp, minutes, ...troubles })
    console.log(counts)
    console.table(memory)
    if (minutes === Infinity) expect(counts.requests).toBeGreaterThanOrEqual(requests)
    expect(counts.hung).toBe(0)
    for (const { pid, slope } of memory) expect([pid, slope]).toEqual([pid, expect.toSatisfy(isFlat)])
  },
)

/** @param slope MB per minute */
function isFlat(slope: number): boolean {
  return slope < 1
}
