import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadMigrations } from '#server/database/migrations/files.ts'
import { examine } from '#server/domain/platform/doctor.ts'
import { setStanding } from '../../support/data/standing.ts'
import type { Cluster } from '../../support/database/cluster.ts'
import { createCluster } from '../../support/database/cluster.ts'
import { hold } from '../../support/database/hold.ts'
import type { Person } from '../../support/database/templates.ts'
import { findViolations } from '../../support/faults/invariants.ts'
import type { Answer, Call } from '../../support/http.ts'
import { waitLimit } from '../../support/process/wait-limit.ts'
import { startBeside } from '../../support/process/second-server.ts'
import type { LogLine } from '../../support/process/server.ts'
import { socketsOf } from '../../support/process/sockets.ts'
import { volume } from '../../support/volume.ts'
import type { Place, World } from '../../support/world.ts'
import { auth, createWorld, signInAs } from '../../support/world.ts'

let cluster: Cluster
let world: World
/** A direct connection to the database. */
let sql: postgres.Sql

beforeAll(async () => {
  cluster = await createCluster()
  // A lost answer is requested again, however long that takes.
  world = await createWorld({ DATABASE_URL: cluster.url, DB_SLOTS: '4', ACCESS_TTL: '3600', REFRESH_GRACE: '3600' })
  sql = postgres(cluster.url, { max: 3, onnotice: () => {}, connection: { application_name: 'tests' } })
})
afterAll(async () => {
  expect(await findViolations(sql)).toEqual([])
  await sql.end()
  await world.stop()
  await cluster.remove()
})

describe('connections that are cut', () => {
  test('all of them, repeatedly, under the traffic of two tenants: no data of the other tenant is shown, nobody is signed out', async () => {
    const traffic = await startTraffic((place, path, options) => place.call(path, options))
    for (let i = 0; i < volume(15, 40); i++) {
      await terminateBackends()
      await traffic.answers(randomInt(1, 20))
    }
    await traffic.rounds(2)
    expectOnlyItsOwn(await traffic.stop())
    await expectWellAgain()
    await expectNamesAtHome()
  })

  test('one in the middle of its transaction: the request is answered 503, and is rolled back', async () => {
    const { acme, globex } = world
    const [ben, namesake] = await Promise.all([signInAs(acme, acme.staff), signInAs(globex, globex.staff)])
    await rename(acme, ben.access, 'Before')
    const lock = await holdRow(acme, acme.staff)
    const changesBefore = await countChanges(acme)

    const change = rename(acme, ben.access, 'After')
    const [waiting] = await waitingBackends(1)
    const others = Promise.all(Array.from({ length: 10 }, (_, i) => rename(globex, namesake.access, `Globex ${i}`)))
    await sql`select pg_terminate_backend(${waiting!})`
    expectUnavailable(await change)
    await lock.release()

    for (const [i, answer] of (await others).entries())
      expect([answer.status, answer.json.first_name]).toEqual([200, `Globex ${i}`])
    expect((await acme.call(`${auth}/users/me/`, { token: ben.access })).json.first_name).toBe('Before')
    expect(await countChanges(acme)).toBe(changesBefore)
  })

  test('the one that receives announcements: a suspension still takes effect', async () => {
    const { access } = await signInAs(world.globex, world.globex.staff)
    await sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'tenantry-listen'`
    await setStanding(sql, world.globex, 'suspended')
    expect((await world.globex.call(`${auth}/users/me/`, { token: access })).json.code).toBe('tenant_inactive')
    // A balancer sends them to the processes in turns.
    const statuses = async () => {
      const asked = Array.from({ length: world.processes }, () => meanwhile(world.globex, '/.well-known/jwks.json'))
      return new Set(await Promise.all(asked))
    }
    await expect.poll(statuses).toEqual(new Set([403]))
    await setStanding(sql, world.globex, 'active')
    await sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'tenantry-listen'`
    await expect.poll(statuses).toEqual(new Set([200]))
  })
})

describe('a PostgreSQL that crashes', () => {
  test('is waited for: the server answers 503 meanwhile, is alive but not ready, and recovers by itself', async () => {
    const pair = await signInAs(world.acme, world.acme.staff)
    const traffic = await startTraffic((place, path, options) => place.call(path, options))
    await traffic.rounds(1)
    await cluster.crash()
    for (let i = 0; i < 5; i++) {
      expectUnavailable(await world.acme.call(`${auth}/users/me/`, { token: pair.access }))
      expectUnavailable(
        await world.globex.call(`${auth}/jwt/create/`, {
          body: { email: 'ben@example.com', password: 'whatever it is' },
        }),
      )
      expectUnavailable(await world.acme.call(`${auth}/jwt/refresh/`, { body: { refresh: pair.refresh } }))
      expect(await meanwhile(world.acme, '/healthz')).toBe(200)
      expect(await meanwhile(world.acme, '/readyz')).toBe(503)
      await traffic.answers(8)
    }
    await cluster.start()
    await expect.poll(() => meanwhile(world.acme, '/readyz'), { interval: 20 }).toBe(200)
    await expectWellAgain()
    await traffic.rounds(2)
    expectOnlyItsOwn(await traffic.stop())
    expect((await world.acme.call(`${auth}/jwt/refresh/`, { body: { refresh: pair.refresh } })).status).toBe(200)
    await expectNamesAtHome()
  })

  test('and restarts at once causes almost no failed requests', async () => {
    const traffic = await startTraffic((place, path, options) => place.call(path, options))
    for (let i = 0; i < volume(2, 3); i++) {
      await cluster.crash()
      await cluster.start()
      await traffic.answers(20)
    }
    expectOnlyItsOwn(await traffic.stop())
    await expectWellAgain()
  })

  test('before a server starts is waited for, and the server is not ready until then', async () => {
    await cluster.crash()
    const log: LogLine[] = []
    // PgBouncer would wait itself.
    const starting = startBeside(world, { DATABASE_URL: cluster.url }, log)
    await expect.poll(() => log.map(line => line.event)).toContain('database_bootstrap_failed')
    await cluster.start()
    const server = await starting
    await expectWellAgain()
    expect(
      (
        await server.at(world.acme, `${auth}/users/me/`, {
          token: (await signInAs(world.acme, world.acme.staff)).access,
        })
      ).status,
    ).toBe(200)
    expect(await server.stop()).toBe(0)
  })
})

describe('a tenant whose table is locked', () => {
  test('answers 503, and the other tenant is not affected, FLT-07', async () => {
    const { acme, globex } = world
    const [ben, namesake] = await Promise.all([signInAs(acme, acme.staff), signInAs(globex, globex.staff)])
    const lock = await lockUsers(acme)
    let served = 0
    const stuck = Array.from({ length: 8 }, async () => {
      do expectUnavailable(await acme.call(`${auth}/users/me/`, { token: ben.access }))
      while (served < 50)
    })
    await waitingBackends(1)
    for (; served < 50; served++) {
      const answer = await globex.call(`${auth}/users/me/`, { token: namesake.access })
      expect([answer.status, answer.json.id]).toEqual([200, globex.staff.id])
    }
    await Promise.all(stuck)
    await lock.release()
    await expectWellAgain()
  })
})

describe('a server whose every connection is busy', () => {
  test('keeps waits short, answers requests that need no database, and recovers, FLT-06', async () => {
    const places = [world.acme, world.globex]
    const tokens = await Promise.all(places.map(place => signInAs(place, place.staff)))
    const locks = await Promise.all(places.map(lockUsers))
    const stuck = Promise.all(
      Array.from({ length: 80 }, (_, i) => places[i % 2]!.call(`${auth}/users/me/`, { token: tokens[i % 2]!.access })),
    )
    await waitingBackends(2)
    expect(await meanwhile(world.acme, '/healthz')).toBe(200)
    // The locks are held the whole time.
    for (const answer of await stuck) expectUnavailable(answer)
    await Promise.all(locks.map(lock => lock.release()))
    await expectWellAgain()
  })
})

describe('a server that is told to stop', () => {
  test('finishes the requests it has begun, accepts no new ones, and exits with 0, also when told twice, FLT-10', async () => {
    const { acme, globex } = world
    const server = await startBeside(world)
    const [ben, namesake] = await Promise.all([signInAs(acme, acme.staff), signInAs(globex, globex.staff)])
    const locks = [await holdRow(acme, acme.staff), await lockUsers(globex)]
    const inFlight = [
      server.at(acme, `${auth}/users/me/`, { method: 'PATCH', token: ben.access, body: { first_name: 'Finished' } }),
      server.at(globex, `${auth}/jwt/create/`, {
        body: { email: globex.admin.email, password: globex.admin.password },
      }),
      server.at(globex, `${auth}/jwt/refresh/`, { body: { refresh: namesake.refresh } }),
    ]
    await waitingBackends(2)
    // The server has read all of them.
    await expect
      .poll(async () => (await socketsOf(server.port)).filter(({ unread }) => unread === 0).length)
      .toBeGreaterThanOrEqual(3)
    const stopped = server.stop()
    await expect
      .poll(() => server.at(acme, '/healthz').then(() => 'an answer', String))
      .toMatch(/ECONNREFUSED|ECONNRESET|socket hang up/)
    void server.stop()
    for (const lock of locks) await lock.release()
    const answers = await Promise.all(inFlight)
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    expect(answers[0]!.json.first_name).toBe('Finished')
    expect(await stopped).toBe(0)
    expect(server.log.filter(line => ['error', 'fatal'].includes(line.level))).toEqual([])
  })

  test('by SIGKILL can be started again, and every user continues, FLT-09', async () => {
    let server = await startBeside(world)
    const traffic = await startTraffic((place, path, options) => server.at(place, path, options))
    await traffic.rounds(1)
    await server.stop('SIGKILL')
    server = await startBeside(world)
    await traffic.rounds(2)
    expectOnlyItsOwn(await traffic.stop())
    expect(await server.stop()).toBe(0)
    await expectNamesAtHome()
    for (const check of await examine(world.app, {
      platform: loadMigrations('.', 'platform'),
      tenant: loadMigrations('.', 'tenant'),
    }))
      expect(check.problems).toEqual([])
  })
})

interface Seen {
  place: Place
  person: Person
  sent?: string
  answer: Answer
}

interface Traffic {
  /** Waits for this many more answers of any kind. */
  answers(count: number): Promise<void>
  /** Waits until every user has completed this many more rounds of read, write, verify and refresh. */
  rounds(count: number): Promise<void>
  stop(): Promise<Seen[]>
}

/**
 * Every user of both tenants reads, writes, verifies and refreshes, one request after another, until stopped. A call
 * that is answered 503, or lost with its server, is repeated with the same token.
 */
async function startTraffic(send: (place: Place, path: string, options?: Call) => Promise<Answer>): Promise<Traffic> {
  const seen: Seen[] = []
  let stopped = false
  const people = [world.acme, world.globex].flatMap(place =>
    [place.admin, place.staff].map(person => ({ place, person })),
  )
  const workers = await Promise.all(
    [...people, ...people].map(async ({ place, person }) => ({
      place,
      person,
      pair: await signInAs(place, person),
      rounds: 0,
    })),
  )
  const work = workers.map(async worker => {
    const { place, person } = worker
    const note = async (path: string, options: Call, sent?: string): Promise<Answer | undefined> => {
      // A killed server does not answer.
      const answer = await send(place, path, options).catch(() => undefined)
      if (answer) seen.push({ place, person, sent, answer })
      else await sleep(50)
      return answer
    }
    for (let turn = 0; !stopped; turn++) {
      const sent = `${place.host} ${turn}`
      const answers = [
        await note(`${auth}/users/me/`, { token: worker.pair.access }),
        await note(
          `${auth}/users/me/`,
          { method: 'PATCH', token: worker.pair.access, body: { first_name: sent } },
          sent,
        ),
        await note(`${auth}/jwt/verify/`, { body: { token: worker.pair.access } }),
      ]
      const refreshed = await note(`${auth}/jwt/refresh/`, { body: { refresh: worker.pair.refresh } })
      if (refreshed?.status === 200) worker.pair = refreshed.json
      if ([...answers, refreshed].every(answer => answer?.status === 200)) worker.rounds++
      await sleep(5)
    }
  })
  // Each tenant has a name written before the traffic is disturbed.
  const hasWritten = (place: Place) =>
    seen.some(one => one.place === place && one.sent !== undefined && one.answer.status === 200)
  await expect.poll(() => [world.acme, world.globex].every(hasWritten)).toBe(true)
  return {
    async answers(count) {
      const enough = seen.length + count
      await expect.poll(() => seen.length, waitLimit).toBeGreaterThanOrEqual(enough)
    },
    async rounds(count) {
      // One more, because the current round began before.
      const enough = workers.map(({ rounds }) => rounds + count + 1)
      await expect.poll(() => workers.filter(({ rounds }, i) => rounds < enough[i]!).length, waitLimit).toBe(0)
    },
    async stop() {
      stopped = true
      await Promise.all(work)
      return seen
    },
  }
}

/** Each answer is the caller's own or a 503; none is another refusal, and none contains data of the other tenant. */
function expectOnlyItsOwn(answers: Seen[]): void {
  for (const { place, person, sent, answer } of answers) {
    const other = place === world.acme ? world.globex : world.acme
    for (const foreign of [other.id, other.admin.id, other.staff.id, other.schema, other.host])
      expect(answer.text).not.toContain(foreign)
    if (answer.status === 503) expectUnavailable(answer)
    else expect(answer.status).toBe(200)
    if (answer.json.id !== undefined)
      expect(answer.json).toMatchObject({
        id: person.id,
        organization: place.id,
        ...(sent === undefined ? {} : { first_name: sent }),
      })
  }
}

function expectUnavailable(answer: Answer): void {
  expect([answer.status, answer.json]).toEqual([
    503,
    { detail: 'Service temporarily unavailable, try again later.', code: 'unavailable' },
  ])
  expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0)
}

/** Both tenants are served again without intervention. */
async function expectWellAgain(): Promise<void> {
  for (const place of [world.acme, world.globex]) {
    await expect
      .poll(
        async () =>
          (
            await place.call(`${auth}/jwt/create/`, {
              body: { email: place.staff.email, password: place.staff.password },
            })
          ).status,
        { interval: 50 },
      )
      .toBe(200)
  }
  const signedIn = await Promise.all(
    [world.acme, world.globex].map(async place => ({ place, pair: await signInAs(place, place.staff) })),
  )
  const answers = await Promise.all(
    Array.from({ length: 40 }, async (_, i) => {
      const { place, pair } = signedIn[i % 2]!
      return { place, answer: await place.call(`${auth}/users/me/`, { token: pair.access }) }
    }),
  )
  for (const { place, answer } of answers) expect([answer.status, answer.json.id]).toEqual([200, place.staff.id])
}

/** What the traffic wrote is in the right tenant. */
async function expectNamesAtHome(): Promise<void> {
  for (const place of [world.acme, world.globex]) {
    const rows = await sql`select first_name from ${sql(place.schema)}.users where first_name like '%localhost%'`
    expect(rows.length).toBeGreaterThan(0)
    for (const { first_name } of rows) expect(first_name).toContain(place.host)
  }
}

async function meanwhile(place: Place, path: string): Promise<number> {
  return (await place.call(path)).status
}

function rename(place: Place, token: string, first_name: string): Promise<Answer> {
  return place.call(`${auth}/users/me/`, { method: 'PATCH', token, body: { first_name } })
}

async function countChanges(place: Place): Promise<number> {
  const rows =
    await sql`select count(*)::int as changes from ${sql(place.schema)}.audit_events where action = 'user.changed'`
  return rows[0]!.changes as number
}

async function terminateBackends(): Promise<void> {
  await sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'tenantry%' and application_name <> 'tenantry-hold'`
}

/**
 * Waits until this many backends of a server wait for a lock.
 * @returns their pids
 */
async function waitingBackends(count: number): Promise<number[]> {
  const look = () =>
    sql`select pid from pg_stat_activity where application_name = 'tenantry' and wait_event_type = 'Lock'`
  await expect.poll(async () => (await look()).length, { interval: 5 }).toBeGreaterThanOrEqual(count)
  return (await look()).map(({ pid }) => pid as number)
}

const holdRow = (place: Place, person: Person) =>
  hold(sql, tx => tx`select from ${tx(place.schema)}.users where id = ${person.id} for update`)
const lockUsers = (place: Place) => hold(sql, tx => tx`lock table ${tx(place.schema)}.users in access exclusive mode`)
