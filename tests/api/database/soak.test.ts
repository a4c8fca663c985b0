import { expect, test } from 'vitest'
import { soak } from '../../support/database/soak.ts'
import { volume } from '../../support/volume.ts'

test("with all faults at once no answer has another tenant's data, and no acknowledged write is lost", async () => {
  const counts = await soak({
    tenants: 6,
    requests: volume(800, 2_500),
    restarts: 1,
    // With more, a slow machine does little else than start backends.
    terminateEvery: volume(100, 30),
    changeEvery: volume(20, 0),
  })
  expect(counts).toMatchObject({ lost: 0, hung: 0, restarted: 1 })
  expect(Math.min(counts.reads, counts.writes, counts.terminated, counts.changes)).toBeGreaterThan(0)
})
