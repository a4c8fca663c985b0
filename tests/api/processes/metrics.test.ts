import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { call } from '../../support/http.ts'
import { freePort } from '../../support/process/server.ts'
import type { SecondServer } from '../../support/process/second-server.ts'
import { startBeside } from '../../support/process/second-server.ts'
import { waitLimit } from '../../support/process/wait-limit.ts'
import type { Place, World } from '../../support/world.ts'
import { api, auth, createWorld, signInAs } from '../../support/world.ts'

let world: World
beforeAll(async () => {
  world = await createWorld({ REFRESH_GRACE: '0' })
})
afterAll(() => world.stop())

describe.each([1, 2])('the metrics of a server with %d workers', workers => {
  let server: SecondServer
  let port: number
  beforeAll(async () => {
    port = await freePort()
    server = await startBeside(world, { WORKERS: String(workers), METRICS_PORT: String(port), REFRESH_GRACE: '0' })
    const opened = (event: string) => server.log.filter(line => line.event === event).length
    await vi.waitUntil(() => opened('server_port_opened') === workers && opened('metrics_port_opened') === 1, waitLimit)
  })
  afterAll(async () => {
    expect(await server.stop()).toBe(0)
  })

  test('are complete in the first answer', async () => {
    const text = await read()
    expect(text).toMatch(/^tenantry_database_up 1$/m)
    expect(text).toMatch(/^tenantry_tenants\{status="active"\} 2$/m)
  })

  test('count requests by route and status, and never name a tenant or a user', async () => {
    const before = await valueOf(answered)
    for (const place of [world.acme, world.globex]) {
      const { access } = await signInAs(place, place.admin)
      for (let i = 0; i < 5; i++)
        expect((await server.at(place, `${api}/users/${place.staff.id}/`, { token: access })).status).toBe(200)
      await server.at(place, '/login', { headers: { accept: 'text/html' } })
      await server.at(place, `/nothing/${place.staff.id}`)
    }
    expect(await valueOf(answered)).toBe(before + 10)
    expect(await valueOf(/tenantry_request_seconds_count\{surface="portal",route="page"\}/)).toBeGreaterThan(0)
    const text = await read()
    for (const { id, admin, staff, schema } of [world.acme, world.globex])
      for (const canary of [id, admin.id, staff.id, admin.email, schema]) expect(text).not.toContain(canary)
    expect(text).not.toMatch(/acme|globex/i)
  })

  test('count sign-ins, refreshes and limits by their outcome', async () => {
    const { acme } = world
    const sign = (outcome: string) => new RegExp(`tenantry_outcomes_total\\{kind="sign_in",outcome="${outcome}"\\}`)
    const refresh = (outcome: string) => new RegExp(`tenantry_outcomes_total\\{kind="refresh",outcome="${outcome}"\\}`)
    const before = await Promise.all([sign('done'), sign('refused'), refresh('rotated'), refresh('reuse')].map(valueOf))
    const { email, password } = acme.staff
    const pair = (await server.at(acme, `${auth}/jwt/create/`, { body: { email, password } })).json
    await server.at(acme, `${auth}/jwt/create/`, { body: { email, password: 'not this one at all' } })
    const next = await server.at(acme, `${auth}/jwt/refresh/`, { body: { refresh: pair.refresh } })
    await server.at(acme, `${auth}/jwt/refresh/`, { body: { refresh: next.json.refresh } })
    await server.at(acme, `${auth}/jwt/refresh/`, { body: { refresh: pair.refresh } })
    const after = await Promise.all([sign('done'), sign('refused'), refresh('rotated'), refresh('reuse')].map(valueOf))
    expect(after.map((count, i) => count - before[i]!)).toEqual([1, 1, 2, 1])
  })

  test('say how the database, its slots and the queues are', async () => {
    const text = await read()
    expect(text).toMatch(/^tenantry_database_up 1$/m)
    expect(text).toMatch(new RegExp(`^tenantry_database_slots\\{state="size"\\} ${8 * workers}$`, 'm'))
    expect(text).toMatch(/^tenantry_database_slot_failures\{kind="mismatched"\} 0$/m)
    expect(text).toMatch(/^tenantry_hashing\{state="waiting"\} 0$/m)
    expect(text).toMatch(/^tenantry_mails\{state="failed"\} 0$/m)
    expect(text).toMatch(/^tenantry_schemas\{state="behind"\} 0$/m)
    expect(text).toMatch(/^tenantry_job_lag_seconds \d/m)
    expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds /m)
  })

  test('are on their own port alone', async () => {
    for (const place of [world.acme, world.console] as Pick<Place, 'host'>[])
      expect((await call(server.port, place.host, '/metrics')).status).toBe(404)
    expect((await call(port, 'localhost', '/')).status).toBe(404)
  })

  const answered = /tenantry_requests_total\{surface="portal",method="GET",route="\/api\/v1\/users\/:id",status="200"\}/

  async function read(): Promise<string> {
    const { status, text } = await call(port, 'localhost', '/metrics')
    expect(status).toBe(200)
    return text
  }

  async function valueOf(metric: RegExp): Promise<number> {
    return Number(new RegExp(`^${metric.source} ([\\d.e+]+)$`, 'm').exec(await read())?.[1] ?? 0)
  }
})
