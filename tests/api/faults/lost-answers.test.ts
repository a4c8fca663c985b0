import { randomUUID } from 'node:crypto'
import postgres from 'postgres'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findViolations } from '../../support/faults/invariants.ts'
import { reportLine } from '../../support/faults/rig.ts'
import type { TcpProxy } from '../../support/faults/tcp-proxy.ts'
import { createTcpProxy } from '../../support/faults/tcp-proxy.ts'
import type { Answer, Call } from '../../support/http.ts'
import { call } from '../../support/http.ts'
import { volume } from '../../support/volume.ts'
import type { Place, World } from '../../support/world.ts'
import { api, auth, createWorld, signInAs } from '../../support/world.ts'

/** Answers that are cut on their way to the client, after the server has done what was asked. */
let world: World
/** Between the client and the server. */
let proxy: TcpProxy
let sql: postgres.Sql
beforeAll(async () => {
  world = await createWorld()
  proxy = await createTcpProxy(world.port)
  sql = postgres(world.env.DATABASE_URL!, { max: 1, onnotice: () => {} })
})
afterAll(async () => {
  expect(await findViolations(sql)).toEqual([])
  await sql.end()
  proxy.close()
  await world.stop()
})

const rounds = volume(2, 100)

test('a request with an Idempotency-Key whose answer is lost is answered by its repetition, and done once', async () => {
  for (let i = 0; i < rounds; i++) {
    for (const place of [world.acme, world.globex]) {
      const { access: token } = await signInAs(place, place.admin)
      const key = randomUUID()
      const name = `Dept ${key}`
      const options = { token, body: { name }, headers: { 'idempotency-key': key } }
      await expectLost(place, `${api}/departments/`, options, key)
      const repeated = await send(place, `${api}/departments/`, options)
      expect([repeated.status, repeated.json.name]).toEqual([201, name])
      const rows = await sql`select id from ${sql(place.schema)}.departments where name = ${name}`
      expect([...rows]).toEqual([{ id: repeated.json.id }])
      const events =
        await sql`select from ${sql(place.schema)}.audit_events where subject = ${repeated.json.id as string}`
      expect(events).toHaveLength(1)
    }
  }
  await reportLine(`answers with an Idempotency-Key lost: ${rounds * 2}, each done once, all invariants hold`)
})

test('a refresh whose answer is lost gives the same tokens when it is repeated, and the session goes on', async () => {
  for (let i = 0; i < rounds; i++) {
    for (const place of [world.acme, world.globex]) {
      const { refresh } = await signInAs(place, place.staff)
      const path = `${auth}/jwt/refresh/`
      await expectLost(place, path, { body: { refresh } }, refresh)
      const repeated = await Promise.all([1, 2].map(() => send(place, path, { body: { refresh } })))
      expect(repeated.map(({ status }) => status)).toEqual([200, 200])
      expect(repeated[0]!.json.refresh).toBe(repeated[1]!.json.refresh)
      expect((await send(place, path, { body: { refresh: repeated[0]!.json.refresh } })).status).toBe(200)
    }
  }
  await reportLine(`answers to refreshes lost: ${rounds * 2}, nobody signed out, all invariants hold`)
})

test('a change whose answer is lost can be repeated', async () => {
  for (const place of [world.acme, world.globex]) {
    const { access: token } = await signInAs(place, place.staff)
    const first_name = `Name ${randomUUID()}`
    const options = { method: 'PATCH', token, body: { first_name } }
    await expectLost(place, `${auth}/users/me/`, options, first_name)
    const [row] = await sql`select first_name from ${sql(place.schema)}.users where id = ${place.staff.id}`
    expect(row).toEqual({ first_name })
    expect((await send(place, `${auth}/users/me/`, options)).json).toMatchObject({ first_name })
  }
})

/** @param word in the request */
async function expectLost(place: Place, path: string, options: Call, word: string): Promise<void> {
  const lost = proxy.loseAnswerTo(word)
  expect(await send(place, path, options).catch(() => 'lost')).toBe('lost')
  await lost
}

/** Over a connection of its own: the client would repeat a request by itself whose reused connection is cut. */
function send(place: Place, path: string, options: Call): Promise<Answer> {
  return call(proxy.port, place.host, path, { ...options, headers: { ...options.headers, connection: 'close' } })
}
