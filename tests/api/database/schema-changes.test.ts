import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CanaryTenant } from '../../support/database/fleet-traffic.ts'
import { createCanaryTenants, expectNothingLost, runTraffic } from '../../support/database/fleet-traffic.ts'
import { call } from '../../support/http.ts'
import { changeEverything } from '../../support/database/schema-changes.ts'
import { volume } from '../../support/volume.ts'
import type { World } from '../../support/world.ts'
import { createWorld } from '../../support/world.ts'

describe.each([1, 2, 8])('while every schema changes, several organisations on a server with %i slots', slots => {
  let world: World
  let sql: postgres.Sql
  let tenants: CanaryTenant[]

  beforeAll(async () => {
    world = await createWorld({ DB_SLOTS: String(slots), ACCESS_TTL: '3600' })
    sql = postgres(world.env.DATABASE_URL!, { max: 1, onnotice: () => {} })
    tenants = await createCanaryTenants(world.app, world.port, volume(4, 8))
  })

  afterAll(async () => {
    await sql.end()
    await world.stop()
  })

  test('get only their own answers, every read is answered, and no write is lost', async () => {
    let isOver = false
    let requests = 0
    const traffic = runTraffic(
      tenants,
      (host, path, options) => call(world.port, host, path, options),
      counts => {
        requests = counts.requests
        return isOver
      },
    ).finally(() => (isOver = true))
    traffic.catch(() => {})
    await changeEverything(
      sql,
      tenants.map(({ schema }) => schema),
      async () => {
        // By then every tenant has been read and written during the change.
        const target = requests + tenants.length * 8
        while (!isOver && requests < target) await new Promise(resolve => setTimeout(resolve, 2))
      },
    )
    isOver = true
    const counts = await traffic
    expect(counts).toMatchObject({ refusedReads: 0, lost: 0 })
    expect(Math.min(counts.reads, counts.writes)).toBeGreaterThan(tenants.length)
    await expectNothingLost(sql, tenants)
  })
})
