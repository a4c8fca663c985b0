import { and, eq, isNull, sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newId } from '#server/database/ids.ts'
import { createActivity } from '#server/domain/tenants/usage.ts'
import { addOperator } from '../../support/data/operators.ts'
import type { Operator } from '../../support/data/operators.ts'
import type { Answer, Call } from '../../support/http.ts'
import { waitLimit } from '../../support/process/wait-limit.ts'
import type { World } from '../../support/world.ts'
import { api, createWorld, signInAs } from '../../support/world.ts'

let world: World
let owner: string
let support: Operator
let reader: Operator
beforeAll(async () => {
  world = await createWorld({ ACCESS_TTL: '3600' })
  owner = (await signInAs(world.console, world.console.admin)).access
  support = await addOperator(world, 'sam@example.com', 'Support')
  reader = await addOperator(world, 'rita@example.com', 'Staff')
})
afterAll(() => world.stop())

describe('the overview', () => {
  test('counts the tenants by status, and lists open tasks', async () => {
    const { json } = await get('overview/', reader.token)
    expect(json).toMatchObject({
      tenants: { active: 2 },
      failed_mails: 0,
      signups: 0,
      failed_migrations: 0,
      behind: 0,
      current: 2,
      purges: [],
    })
    expect(json.newest.map(({ subdomain }: { subdomain: string }) => subdomain).sort()).toEqual(['acme', 'globex'])
  })
})

const answer = { isRequest: true, isError: false }

test('the list of tenants has the people, size and last activity of each', async () => {
  const activity = createActivity(world.app)
  activity.count(world.globex.id, answer)
  await activity.write()
  const { json } = await get('tenants/?ordering=name', reader.token)
  expect(json.results).toMatchObject([
    { subdomain: 'acme', people: 2 },
    { subdomain: 'globex', people: 2, last_active: new Date().toISOString().slice(0, 10) },
  ])
  for (const { size } of json.results) expect(size).toBeGreaterThan(100_000)
})

describe('activity', () => {
  test('is counted per portal, with its errors, and survives the process', async () => {
    const activity = createActivity(world.app)
    for (const isError of [false, false, true]) activity.count(world.acme.id, { ...answer, isError })
    activity.count(world.acme.id, { ...answer, signIn: 'done' })
    activity.count(world.acme.id, { ...answer, isRequest: false, signIn: 'failed' })
    activity.count('01940000-0000-7000-8000-000000000000', answer)
    await activity.write()
    activity.count(world.acme.id, answer)
    await activity.write()
    await activity.write()
    const overview = (await get('overview/', reader.token)).json
    expect(overview.days).toHaveLength(30)
    expect(overview.days.at(-1)).toEqual({
      day: new Date().toISOString().slice(0, 10),
      requests: expect.any(Number),
      errors: expect.any(Number),
      sign_ins: expect.any(Number),
      failed_sign_ins: expect.any(Number),
      failed_mails: 0,
    })
    expect(overview.days.at(-1).requests).toBeGreaterThanOrEqual(5)
    expect([overview.days.at(-1).sign_ins, overview.days.at(-1).failed_sign_ins].every(count => count >= 1)).toBe(true)
    expect(overview.storage).toBeGreaterThan(1_000_000)
    expect(overview.days.at(0)).toMatchObject({ requests: 0, errors: 0 })
    expect(overview.busiest[0]).toMatchObject({ subdomain: 'acme', status: 'active' })
    const {
      db,
      tables: { tenant_days: days },
    } = world.app.database.platform
    const [row] = await db
      .select({ requests: days.requests, errors: days.errors })
      .from(days)
      .where(eq(days.tenant, world.acme.id))
    expect(row!.requests).toBeGreaterThanOrEqual(4)
    expect(row!.errors).toBeGreaterThanOrEqual(1)
    expect(await db.$count(days, eq(days.tenant, '01940000-0000-7000-8000-000000000000'))).toBe(0)
  })

  test('counts sign-ins, also those that fail, and nothing else as one', async () => {
    const {
      db,
      tables: { tenant_days: days },
    } = world.app.database.platform
    const read = async () =>
      (
        await db
          .select({ done: days.sign_ins, failed: days.failed_sign_ins })
          .from(days)
          .where(eq(days.tenant, world.globex.id))
      )[0] ?? { done: 0, failed: 0 }
    const before = await read()
    const { email, password } = world.globex.staff
    await world.globex.call(`${api}/auth/jwt/create/`, { body: { email, password } })
    await world.globex.call(`${api}/auth/session/`, { body: { email, password }, sameOrigin: true })
    await world.globex.call(`${api}/auth/jwt/create/`, { body: { email, password: 'not this one at all' } })
    await world.globex.call(`${api}/auth/jwt/create/`, { body: { email } })
    await world.globex.call(`${api}/auth/users/me/`)
    await expect.poll(read, waitLimit).toEqual({ done: before.done + 2, failed: before.failed + 1 })
  })

  test('is stored by the server periodically', async () => {
    const {
      db,
      tables: { tenant_days: days },
    } = world.app.database.platform
    await world.globex.call(`${api}/users/`)
    await expect
      .poll(
        async () =>
          (await db.select({ requests: days.requests }).from(days).where(eq(days.tenant, world.globex.id)))[0]
            ?.requests ?? 0,
        waitLimit,
      )
      .toBeGreaterThan(0)
  })

  test('that is counted by two processes at once is added up', async () => {
    const {
      db,
      tables: { tenant_days: days },
    } = world.app.database.platform
    const requests = async () =>
      (await db.select({ requests: days.requests }).from(days).where(eq(days.tenant, world.acme.id)))[0]!.requests
    const before = await requests()
    const processes = [createActivity(world.app), createActivity(world.app)]
    for (const activity of processes) for (const id of [world.globex.id, world.acme.id]) activity.count(id, answer)
    await Promise.all(processes.map(activity => activity.write()))
    expect(await requests()).toBe(before + 2)
  })
})

describe("a tenant's insights", () => {
  test('say how many people, sessions and bytes, day by day, and how its migration stands', async () => {
    await signInAs(world.acme, world.acme.admin)
    await world.acme.call(`${api}/auth/jwt/create/`, {
      body: { email: 'ann@example.com', password: 'not this one at all' },
    })
    const { json } = await get(`tenants/${world.acme.id}/insights/`, owner)
    expect(json.migration).toMatchObject({ state: 'migrated', is_current: true, error: null })
    expect(json.facts).toMatchObject({ people: 2, active_people: 2, admins: 1, departments: 0 })
    expect(json.facts.sessions).toBeGreaterThan(0)
    expect(json.facts.size).toBeGreaterThan(8_192)
    expect(json.days).toHaveLength(30)
    expect(json.days.at(-1)).toMatchObject({ day: new Date().toISOString().slice(0, 10), refusals: 1 })
    expect(json.days.at(-1).sign_ins).toBeGreaterThan(0)
    expect((await get(`tenants/${world.acme.id}/insights/?days=90`, owner)).json.days).toHaveLength(90)
    expect((await get(`tenants/${world.acme.id}/insights/?days=9000`, owner)).status).toBe(400)
  })

  test('show who did what only to operators who may help', async () => {
    expect((await get(`tenants/${world.acme.id}/insights/`, support.token)).json.events.length).toBeGreaterThan(0)
    expect((await get(`tenants/${world.acme.id}/insights/`, reader.token)).json.events).toEqual([])
  })
})

describe('mails', () => {
  test('that were given up are retried, one or all; mails in delivery are not sent twice', async () => {
    const {
      db,
      tables: { outbox },
    } = world.app.database.platform
    const [failed, sending] = [await queue('failed@example.com'), await queue('sending@example.com')]
    await db
      .update(outbox)
      .set({ given_up_at: new Date(), last_error: '550 no such user' })
      .where(eq(outbox.id, failed))
    await db
      .update(outbox)
      .set({ due_at: new Date(Date.now() + 200_000), attempts: 1 })
      .where(eq(outbox.id, sending))
    const listed = await get('outbox/?state=failed', support.token)
    expect(listed.json.results).toEqual([
      expect.objectContaining({
        id: failed,
        kind: 'password_changed',
        recipient: 'failed@example.com',
        state: 'failed',
        tenant: world.acme.id,
        tenant_name: 'Acme Ltd',
        last_error: '550 no such user',
      }),
    ])
    expect(Object.keys(listed.json.results[0])).not.toContain('data')
    expect((await post(`outbox/${sending}/retries/`, support.token)).status).toBe(404)
    expect((await post(`outbox/${failed}/retries/`, support.token)).json).toEqual({ retried: 1 })
    await expect.poll(() => db.$count(outbox, and(eq(outbox.id, failed), isNull(outbox.sent_at))), waitLimit).toBe(0)
    expect((await post('outbox/retries/', support.token)).json).toEqual({ retried: 0 })
  })
})

describe('migrations', () => {
  test('are shown for each tenant, and run for one or all', async () => {
    const { db } = world.app.database.platform
    await db.execute(
      sql`update platform.schema_versions set state = 'failed', error = 'lock timeout' where schema = ${world.globex.schema}`,
    )
    const before = await get('migrations/', reader.token)
    expect(before.json).toMatchObject({ count: 2, counts: { current: 1, failed: 1 } })
    expect((await get('migrations/?state=failed', reader.token)).json.results).toMatchObject([
      { tenant: world.globex.id, state: 'failed', error: 'lock timeout' },
    ])
    expect((await post(`tenants/${world.globex.id}/migrations/`, support.token)).json).toMatchObject({ error: null })
    expect((await get('migrations/', reader.token)).json.counts).toEqual({ current: 2 })
    expect((await post('migrations/runs/', support.token)).status).toBe(403)
    expect((await post('migrations/runs/', owner)).status).toBe(202)
    await expect
      .poll(async () => (await get('migrations/', owner)).json.run, waitLimit)
      .toMatchObject({ is_running: false, finished: 2, total: 2, failed: 0, error: null })
    // In the database: whichever process answers, the run is the same.
    expect((await get('operations/?kind=migration', owner)).json.results).toMatchObject([
      { kind: 'migration', tenant: null, state: 'done', done: 2, result: { done: 0, skipped: 2, failed: 0 } },
    ])
  })
})

describe('health and jobs', () => {
  test('show the state of the database, this process and its queues, and no secret', async () => {
    const { json, text } = await get('health/', reader.token)
    expect(json).toMatchObject({
      slots: { waiting: 0 },
      is_listening: true,
      disk: null,
      database: { is_embedded: false },
    })
    expect(json.database.latency_ms).toBeGreaterThan(0)
    expect(text).not.toContain(world.env.SECRET)
    expect(text).not.toMatch(/postgres:\/\//)
    await expect
      .poll(async () => (await get('jobs/', reader.token)).json.map(({ name }: { name: string }) => name), waitLimit)
      .toContain('close-support-accesses')
    const queue = (await get('jobs/', reader.token)).json.find(({ name }: { name: string }) => name === 'purge-outbox')
    expect(queue).toMatchObject({ cron: '17 3 * * *', failed: 0 })
    expect(queue.next).toMatch(/T03:17:00/)
  })

  test('include what the doctor finds, for Owners, with one line for each problem and no secret', async () => {
    const { access } = await signInAs(world.console, world.console.admin)
    const { db } = world.app.database.platform
    await db.execute('create schema t_left_over_abc123')
    const { status, json, text } = await get('health/checks/', access)
    await db.execute('drop schema t_left_over_abc123')
    expect(status).toBe(200)
    const found = json.checks.find(({ name }: { name: string }) => name === 'schemas')
    expect(found.problems).toEqual([expect.stringMatching(/^Schema t_left_over_abc123 belongs to no organisation/)])
    expect(text).not.toContain(world.env.SECRET)
    expect(text).not.toMatch(/postgres:\/\//)
    expect((await get('health/checks/', reader.token)).status).toBe(403)
  })
})

async function queue(to: string): Promise<string> {
  const {
    db,
    tables: { outbox },
  } = world.app.database.platform
  // Far in the future, so that nothing is sent before the test has prepared it.
  const id = newId()
  await db.insert(outbox).values({
    id,
    realm: world.acme.id,
    kind: 'password_changed',
    recipient: to,
    data: {},
    created: new Date(),
    due_at: new Date(Date.now() + 250_000),
  })
  return id
}

function get(path: string, token: string): Promise<Answer> {
  return call(path, { token })
}

function post(path: string, token: string): Promise<Answer> {
  return call(path, { token, method: 'POST' })
}

function call(path: string, options: Call): Promise<Answer> {
  return world.console.call(`${api}/${path}`, options)
}
