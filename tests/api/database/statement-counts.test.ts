import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { DatabaseProxy } from '../../support/database/database-proxy.ts'
import { createDatabaseProxy } from '../../support/database/database-proxy.ts'
import type { Answer, Call } from '../../support/http.ts'
import type { SecondServer } from '../../support/process/second-server.ts'
import { startBeside } from '../../support/process/second-server.ts'
import type { Place, World } from '../../support/world.ts'
import { api, auth, createWorld, signInAs, signInWithCookies } from '../../support/world.ts'

let world: World
let proxy: DatabaseProxy
let server: SecondServer

beforeAll(async () => {
  world = await createWorld()
  proxy = await createDatabaseProxy(world.env.DATABASE_URL!)
  server = await startBeside(world, { DATABASE_URL: proxy.url, POOL_SIZE: '0' })
})
afterAll(async () => {
  await server.stop()
  proxy.close()
  await world.stop()
})

const places = [
  ['acme', (world: World) => world.acme],
  ['globex', (world: World) => world.globex],
] as const

test.each(places)('users/me is one statement: %s', async (_, placeIn) => {
  const place = placeIn(world)
  const { access } = await signInAs(place, place.staff)
  expect(await countFor(place, `${auth}/users/me/`, () => ({ token: access }))).toBe(1)
})

test.each(places)('signing in without a second factor is seventeen statements: %s', async (_, placeIn) => {
  const place = placeIn(world)
  const { email, password } = place.staff
  expect(await countFor(place, `${auth}/jwt/create/`, () => ({ body: { email, password } }))).toBe(17)
})

test.each(places)('a refresh is one statement: %s', async (_, placeIn) => {
  const place = placeIn(world)
  let { refresh } = await signInAs(place, place.staff)
  const next = ({ json }: Answer) => (refresh = json.refresh)
  expect(await countFor(place, `${auth}/jwt/refresh/`, () => ({ body: { refresh } }), next)).toBe(1)
})

test.each(places)('the directory is one statement besides the one for the caller: %s', async (_, placeIn) => {
  const place = placeIn(world)
  const { access } = await signInAs(place, place.admin)
  expect(await countFor(place, `${api}/users/?search=example`, () => ({ token: access }))).toBe(2)
  expect(await countFor(place, `${api}/users/`, () => ({ token: access }))).toBe(2)
})

test.each(places)('the page of the directory is two statements: the caller, and the list: %s', async (_, placeIn) => {
  const place = placeIn(world)
  const cookies = await signInWithCookies(place, place.admin)
  expect(await countFor(place, '/people', () => ({ cookies, accept: 'text/html' }))).toBe(2)
})

test.each(places)(
  'only an Idempotency-Key costs statements: four, besides those of the request: %s',
  async (_, placeIn) => {
    const place = placeIn(world)
    const { access: token } = await signInAs(place, place.admin)
    const create = (headers = {}) => ({ token, headers, body: { name: randomUUID() } })
    const path = `${api}/departments/`
    const without = await countFor(place, path, () => create())
    expect(without).toBe(7)
    expect(await countFor(place, path, () => create({ 'idempotency-key': randomUUID() }))).toBe(without + 4)
  },
)

/**
 * The statements of one call, when caches are warm. Background work may add some to a call, so it is the least of
 * several.
 */
async function countFor(
  place: Place,
  path: string,
  options: () => Call,
  next: (answer: Answer) => void = () => {},
): Promise<number> {
  const counts: number[] = []
  for (let i = 0; i < 24; i++) {
    const before = proxy.statements()
    const answer = await server.at(place, path, options())
    counts.push(proxy.statements() - before)
    expect([200, 201]).toContain(answer.status)
    next(answer)
  }
  return Math.min(...counts)
}
