import { expect, test } from 'vitest'
import { soak } from '../support/database/soak.ts'

const requests = Number(process.env.SOAK_REQUESTS ?? 1_000_000)
/** Milliseconds. A slow machine that starts backends for longer than this does little else. */
const terminateEvery = Number(process.env.SOAK_TERMINATE_EVERY ?? 30)
/** Milliseconds. Without a rest, a slow machine is busy with these alone. */
const changeEvery = Number(process.env.SOAK_CHANGE_EVERY ?? 0)

test(
  'a million requests of a hundred organisations in all kinds of trouble',
  { timeout: 3 * 60 * 60_000 },
  async () => {
    const counts = await soak({ tenants: 100, requests, restarts: 2, terminateEvery, changeEvery })
    console.log(counts)
    expect(counts.requests).toBeGreaterThanOrEqual(requests)
    expect(counts.lost).toBe(0)
  },
)
