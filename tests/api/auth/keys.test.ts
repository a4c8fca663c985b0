import { setTimeout as sleep } from 'node:timers/promises'
import { gt, isNotNull } from 'drizzle-orm'
import { decodeProtectedHeader } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { deleteRetiredKeys } from '#server/domain/keys/rotate.ts'
import { finished } from '../../support/data/archives.ts'
import { runCli } from '../../support/process/cli.ts'
import { waitLimit } from '../../support/process/wait-limit.ts'
import type { SecondServer } from '../../support/process/second-server.ts'
import { startBeside } from '../../support/process/second-server.ts'
import type { Place, World } from '../../support/world.ts'
import { addPerson, api, auth, createWorld, realmOf, signInAs } from '../../support/world.ts'

/** Seconds between a rotation and the moment from which the new key signs: this test is about time. */
const lead = 10

let world: World
let second: SecondServer
let owner: string

beforeAll(async () => {
  world = await createWorld({ KEY_LEAD: String(lead) })
  second = await startBeside(world)
  owner = (await signInAs(world.console, world.console.admin)).access
})
afterAll(async () => {
  await second.stop()
  await world.stop()
})

describe.concurrent('a signing key that is rotated under load', () => {
  test('signs nobody out: every call and refresh in every process succeeds, before, during and after the change', async ({
    expect,
  }) => {
    const { acme } = world
    const people = await Promise.all(
      Array.from({ length: 4 }, (_, i) => addPerson(world, acme, `rotated${i}@example.com`)),
    )
    const stop = new AbortController()
    const kids = new Set<string>()
    const statuses: number[] = []
    const lives = people.map(async (person, i) => {
      let pair = await signInAs(acme, person)
      for (let turn = i; !stop.signal.aborted; turn++) {
        const call = turn % 2 ? acme.call : (path: string, options: object) => second.at(acme, path, options)
        const other = turn % 2 ? (path: string, options: object) => second.at(acme, path, options) : acme.call
        // Two processes that refresh the same token at once return the same successor, byte for byte.
        const [one, two] = await Promise.all([
          call(`${auth}/jwt/refresh/`, { body: { refresh: pair.refresh } }),
          other(`${auth}/jwt/refresh/`, { body: { refresh: pair.refresh } }),
        ])
        statuses.push(one.status, two.status)
        expect(one.json.refresh).toBe(two.json.refresh)
        const late = await other(`${auth}/jwt/refresh/`, { body: { refresh: pair.refresh } })
        expect(late.json.refresh).toBe(one.json.refresh)
        pair = one.json
        kids.add(decodeProtectedHeader(pair.refresh).kid!)
        statuses.push((await other(`${auth}/users/me/`, { token: pair.access })).status)
        await sleep(20)
      }
      return pair
    })
    const more = async (count: number) => {
      const enough = statuses.length + count
      await expect.poll(() => statuses.length, waitLimit).toBeGreaterThan(enough)
    }
    await more(40)
    const rotated = await onConsole(acme, 'POST')
    expect(rotated.status).toBe(201)
    // The new key is published before it signs.
    await expect
      .poll(
        async () => (await second.at(acme, '/.well-known/jwks.json')).json.keys.map((key: { kid: string }) => key.kid),
        { interval: 50 },
      )
      .toContain(rotated.json.kid)
    expect(Date.parse(rotated.json.signs_from)).toBeGreaterThan(Date.now())
    expect((await onConsole(acme, 'POST')).json.code).toBe('wrong_state')
    await expect.poll(() => kids.has(rotated.json.kid), waitLimit).toBe(true)
    await more(40)
    stop.abort()
    const pairs = await Promise.all(lives)
    expect(statuses.filter(status => status !== 200)).toEqual([])
    expect(kids.size).toBe(2)
    for (const { access } of pairs) expect((await acme.call(`${auth}/users/me/`, { token: access })).status).toBe(200)
  })

  test('is replaced without changing pending tokens: a parent presented after the change gets the same successor', async ({
    expect,
  }) => {
    const { globex } = world
    const pair = await signInAs(globex, globex.staff)
    const {
      json: { signs_from },
    } = await onConsole(globex, 'POST')
    const before = await globex.call(`${auth}/jwt/refresh/`, { body: { refresh: pair.refresh } })
    await sleep(Date.parse(signs_from) - Date.now() + 500)
    const after = await second.at(globex, `${auth}/jwt/refresh/`, { body: { refresh: pair.refresh } })
    expect(after.json.refresh).toBe(before.json.refresh)
    expect(decodeProtectedHeader(after.json.access).kid).not.toBe(decodeProtectedHeader(after.json.refresh).kid)

    // The former key is used by fewer sessions as these refresh.
    const counts = async () =>
      (await onConsole(globex)).json.results.map((key: { state: string; sessions: number }) => [
        key.state,
        key.sessions,
      ])
    expect(await counts()).toEqual([
      ['current', 0],
      ['previous', 1],
    ])
    expect((await globex.call(`${auth}/jwt/refresh/`, { body: { refresh: after.json.refresh } })).status).toBe(200)
    expect(await counts()).toEqual([
      ['current', 1],
      ['previous', 0],
    ])
  })
})

describe('a key that has been retired', () => {
  test('verifies until its last token has expired, and is then removed', async () => {
    const { realm } = realmOf(world.app, world.globex)
    const { signing_keys: keys } = realm.tables
    await deleteRetiredKeys(world.app)
    expect(await realm.db.$count(keys)).toBe(2)
    const { refresh } = world.app.config.ttl
    await realm.db
      .update(keys)
      .set({ retired_at: new Date(Date.now() - (refresh + 60) * 1000) })
      .where(isNotNull(keys.retired_at))
    expect(await deleteRetiredKeys(world.app)).toBe(1)
    expect(await realm.db.$count(keys)).toBe(1)
    await expect.poll(async () => (await second.at(world.globex, '/.well-known/jwks.json')).json.keys.length).toBe(1)
    expect((await signInAs(world.globex, world.globex.staff)).access).toEqual(expect.any(String))
  })
})

describe('the keys of all', () => {
  test('are listed with the sessions of former keys, and rotated by one operation, which continues when it is started again', async () => {
    const list = () => world.console.call(`${api}/keys/`, { token: owner })
    const standing = async () =>
      Object.fromEntries(
        (await list()).json.results.map(({ tenant, keys }: { tenant: { subdomain: string }; keys: object }) => [
          tenant.subdomain,
          keys,
        ]),
      )
    const before = await standing()
    expect(Object.keys(before)).toEqual(['acme', 'globex'])
    for (const keys of Object.values(before))
      expect(Object.keys(keys as object)).toEqual(['current', 'since', 'next_from', 'draining'])
    const begun = await world.console.call(`${api}/keys/rotations/`, { token: owner, body: {} })
    expect(begun).toMatchObject({ status: 202, json: { kind: 'rotation', tenant: null } })
    expect((await finished(world.app, begun.json.id)).result).toEqual({ rotated: 3, failed: [] })
    // Their new keys are pending, so there is nothing to do.
    const again = await world.console.call(`${api}/keys/rotations/`, { token: owner, body: {} })
    expect((await finished(world.app, again.json.id)).result).toEqual({ rotated: 0, failed: [] })
    await bringForward()
    expect((await standing()).acme.current).not.toBe(before.acme.current)
    expect((await standing()).acme).toMatchObject({ next_from: null, draining: expect.any(Number) })
  })

  test('are not available to tenants, or to operators who can only read', async () => {
    const token = (await signInAs(world.acme, world.acme.admin)).access
    expect((await world.acme.call(`${api}/keys/`, { token })).status).toBe(404)
    const reader = { email: 'reader@tenantry.test', password: 'seven quiet lanterns' }
    await world.console.call(`${auth}/users/`, { token: owner, body: { ...reader, role: 'Staff' } })
    const { access } = await signInAs(world.console, { id: '', ...reader })
    expect((await world.console.call(`${api}/keys/`, { token: access })).status).toBe(200)
    expect((await world.console.call(`${api}/keys/rotations/`, { token: access, body: {} })).status).toBe(403)
  })
})

describe('tenantry keys', () => {
  test("rotates one or all, the console's too, and lists them", async () => {
    // Long enough that the next command runs before the new key signs.
    const env = { ...world.env, KEY_LEAD: '600' }
    const all = await runCli(['keys', 'rotate', '--all', '--json'], env)
    expect(all.code).toBe(0)
    expect(all.json.rotated.map((row: { subdomain: string }) => row.subdomain)).toEqual(['console', 'acme', 'globex'])
    expect(await runCli(['keys', 'rotate', 'acme', '--json'], env)).toMatchObject({ code: 1 })
    const states = (await runCli(['keys', 'list', 'acme', '--json'], env)).json
      .map((key: { state: string }) => key.state)
      .sort()
    // The number of former keys depends on how long the previous tests took.
    expect(states.filter((state: string) => state !== 'previous')).toEqual(['current', 'next'])
    expect(states).toContain('previous')
    expect((await runCli(['keys', 'rotate'], env)).code).toBe(2)
    expect((await runCli(['keys', 'rotate', 'nosuch'], env)).code).toBe(1)
    expect((await world.console.call(`${auth}/users/me/`, { token: owner })).status).toBe(200)
    expect((await signInAs(world.console, world.console.admin)).access).toEqual(expect.any(String))
  })
})

/** Makes every pending key sign from now on. */
async function bringForward(): Promise<void> {
  const { database } = world.app
  for (const {
    db,
    tables: { signing_keys: keys },
  } of [database.platform, ...[world.acme, world.globex].map(place => realmOf(world.app, place).realm)]) {
    const now = new Date()
    await db.update(keys).set({ retired_at: now }).where(gt(keys.retired_at, now))
    await db.update(keys).set({ activated_at: now }).where(gt(keys.activated_at, now))
  }
}

function onConsole(place: Place, method: 'GET' | 'POST' = 'GET') {
  return world.console.call(`${api}/tenants/${place.id}/keys/`, {
    method,
    token: owner,
    ...(method === 'POST' ? { body: {} } : {}),
  })
}
