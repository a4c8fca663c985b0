import { setTimeout as sleep } from 'node:timers/promises'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasHaproxy, startHaproxy, startPooler } from '../../support/balancer/balanced.ts'
import type { CanaryTenant } from '../../support/database/fleet-traffic.ts'
import { createCanaryTenants, expectNothingLost, runTraffic } from '../../support/database/fleet-traffic.ts'
import { hasPgBouncer } from '../../support/database/pgbouncer.ts'
import { findForeignRows, findViolations } from '../../support/faults/invariants.ts'
import { reportLine } from '../../support/faults/rig.ts'
import { holdRequest } from '../../support/held-requests.ts'
import type { Answer, Call } from '../../support/http.ts'
import { call } from '../../support/http.ts'
import type { SecondServer } from '../../support/process/second-server.ts'
import { startBeside } from '../../support/process/second-server.ts'
import { freePort } from '../../support/process/server.ts'
import { waitLimit } from '../../support/process/wait-limit.ts'
import { volume } from '../../support/volume.ts'
import type { Place, World } from '../../support/world.ts'
import { auth, createWorld, signInAs, signInWithCookies } from '../../support/world.ts'

/** Milliseconds before each request of a client: the load has a limit. */
const pause = 40

interface Process {
  /** On which it starts again. */
  port: string
  server: SecondServer
}

describe.runIf(hasHaproxy && hasPgBouncer)('two processes behind HAProxy and PgBouncer', () => {
  let world: World
  let tenants: CanaryTenant[]
  let port: number
  let processes: [Process, Process]
  let settings: Record<string, string>
  const log: SecondServer['log'] = []
  const stops: (() => Promise<void>)[] = []

  beforeAll(async () => {
    // The processes and the balancer of this test are its own.
    world = await createWorld({}, { processes: 1 })
    tenants = await createCanaryTenants(world.app, world.port, 3)
    const { pooled, stop } = await startPooler(world.env.DATABASE_URL!)
    settings = { ...pooled, DRAIN_DELAY: '5' }
    processes = [await startProcess(), await startProcess()]
    port = await freePort()
    const [first, second] = processes
    stops.push(await startHaproxy(port, [first.server.port, second.server.port]), stop)
  })
  afterAll(async () => {
    for (const { server } of processes) await server.stop()
    for (const stop of stops) await stop()
    await world.stop()
    expect(log.filter(({ level }) => ['error', 'fatal', 'text'].includes(level))).toEqual([])
  })

  test('are restarted one after another under load, and no request fails', async () => {
    const times: number[] = []
    // Clients repeat some.
    const failed: unknown[] = []
    let isOver = false
    const send = async (host: string, path: string, options?: Call) => {
      await sleep(pause)
      const began = performance.now()
      const answer = await sendOnce(host, path, options).catch((error: Error) => {
        failed.push([path, error.message])
        throw error
      })
      times.push(performance.now() - began)
      if (answer.status >= 500) failed.push([path, answer.status, answer.text])
      return answer
    }
    const began = performance.now()
    const load = Promise.all([
      runTraffic(tenants, send, () => isOver),
      ...[world.acme, world.globex].map(place => visit(place, send, () => isOver)),
    ])
    const rounds = volume(1, 10)
    const restarts = async () => {
      for (let i = 0; i < rounds && !isOver; i++) for (const each of processes) await restart(each)
    }
    // The load alone ends only when it fails.
    const over = () => (isOver = true)
    const [[counts]] = await Promise.all([load.finally(over), restarts().finally(over)])
    expect(failed).toEqual([])
    expect(counts.requests).toBeGreaterThan(100)
    await expectAllIsWell()
    await report(rounds * 2, times, performance.now() - began)
  })

  test('answer what they have begun when they are told to end', async () => {
    const [first] = processes
    const held = await Promise.all(
      [0, 1, 2, 3].map(async i => {
        const place = [world.acme, world.globex][i % 2]!
        const { access } = await signInAs(place, place.staff)
        const body = JSON.stringify({ first_name: `Held ${i}` })
        return { place, name: `Held ${i}`, request: await holdRequest(port, linesFor(place, access), body) }
      }),
    )
    const ending = first.server.stop()
    // It takes no connection any more: what it waits for are these requests.
    await expect
      .poll(() => call(first.server.port, 'localhost', '/healthz').catch(() => 'closed'), waitLimit)
      .toBe('closed')
    for (const { place, name, request } of held) {
      const { status, body } = await request.finish()
      expect([status, JSON.parse(body)]).toMatchObject([200, { id: place.staff.id, first_name: name }])
    }
    expect(await ending).toBe(0)
    first.server = await startAt(first.port)
  })

  test('answer also while neither is ready', async () => {
    const tokens = await Promise.all([world.acme, world.globex].map(place => signInAs(place, place.staff)))
    for (const each of processes) {
      // Told twice, it does not wait.
      await Promise.all([each.server.stop(), each.server.stop()])
      each.server = await startAt(each.port, { DRAIN_DELAY: '300' })
    }
    for (const { server } of processes) {
      void server.stop()
      await expect.poll(() => server.at(world.acme, '/readyz').then(({ status }) => status), waitLimit).toBe(503)
    }
    // Longer than HAProxy needs to notice.
    for (let i = 0; i < 40; i++) {
      await sleep(100)
      const place = [world.acme, world.globex][i % 2]!
      const answer = await sendOnce(place.host, `${auth}/users/me/`, { token: tokens[i % 2]!.access })
      expect([answer.status, answer.json?.id]).toEqual([200, place.staff.id])
    }
    for (const { server } of processes) expect(await server.stop()).toBe(0)
  })

  async function startProcess(): Promise<Process> {
    const own = String(await freePort())
    return { port: own, server: await startAt(own) }
  }

  /** As the manual says: tell it to end, start it when it has, go on when it is ready. */
  async function restart(each: Process): Promise<void> {
    const ending = each.server.stop()
    await expect.poll(() => each.server.at(world.acme, '/readyz').then(({ status }) => status), waitLimit).toBe(503)
    expect(await ending).toBe(0)
    each.server = await startAt(each.port)
  }

  function startAt(own: string, more: Record<string, string> = {}): Promise<SecondServer> {
    return startBeside(world, { ...settings, ...more, PORT: own }, log)
  }

  /** Sends a request once. */
  function sendOnce(host: string, path: string, options?: Call): Promise<Answer> {
    return call(port, host, path, options, 1)
  }

  /** Signs in, as programs and browsers do, and opens pages. */
  async function visit(place: Place, send: typeof sendOnce, isOver: () => boolean): Promise<void> {
    const here: Place = { ...place, call: (path, options) => send(place.host, path, options) }
    while (!isOver()) {
      const { access } = await signInAs(here, here.staff)
      const me = await here.call(`${auth}/users/me/`, { token: access })
      expect([me.status, me.json.id]).toEqual([200, here.staff.id])
      const cookies = await signInWithCookies(here, here.admin)
      for (const path of ['/', '/people', '/login']) {
        const page = await here.call(path, { cookies, accept: 'text/html' })
        expect([path, page.status]).toEqual([path, path === '/login' ? expect.toBeOneOf([200, 302]) : 200])
      }
    }
  }

  function linesFor({ host }: Place, access: string): string[] {
    return [
      `PATCH ${auth}/users/me/ HTTP/1.1`,
      `Host: ${host}`,
      `Authorization: Bearer ${access}`,
      'Content-Type: application/json',
    ]
  }

  /** What was acknowledged is there, nothing is where it does not belong, and every invariant holds. */
  async function expectAllIsWell(): Promise<void> {
    const sql = postgres(world.env.DATABASE_URL!, { max: 2, onnotice: () => {} })
    await expectNothingLost(sql, tenants)
    expect(await findViolations(sql)).toEqual([])
    expect(await findForeignRows(sql, tenants, /canary\d+z/)).toEqual([])
    await sql.end()
  }
})

async function report(restarts: number, times: number[], milliseconds: number): Promise<void> {
  times.sort((a, b) => a - b)
  const within = (share: number) => `${Math.round(times[Math.ceil(times.length * share) - 1]!)} ms`
  await reportLine(
    `${restarts} restarts behind HAProxy: ${times.length} requests in ${Math.round(milliseconds / 1000)} s, none failed, ` +
      `half answered within ${within(0.5)}, 99 % within ${within(0.99)}, all within ${within(1)}`,
  )
}
