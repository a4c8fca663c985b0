import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hold } from '../../support/database/hold.ts'
import { countWaiting } from '../../support/database/waiting.ts'
import type { Answer } from '../../support/http.ts'
import { volume } from '../../support/volume.ts'
import type { Place, World } from '../../support/world.ts'
import { api, auth, createWorld, signInAs } from '../../support/world.ts'

let world: World
let sql: postgres.Sql
let admin: string
let other: string

beforeAll(async () => {
  world = await createWorld({ DB_SLOTS: '8', ACCESS_TTL: '3600' })
  sql = postgres(world.env.DATABASE_URL!, { max: 2, onnotice: () => {} })
  admin = (await signInAs(world.acme, world.acme.admin)).access
  other = (await signInAs(world.globex, world.globex.staff)).access
})

afterAll(async () => {
  await sql.end()
  await world.stop()
})

const importing = (i: number): Promise<Answer> =>
  world.acme.call(`${api}/users/import/`, {
    token: admin,
    headers: { 'content-type': 'text/csv' },
    body: [
      'email,first_name',
      ...Array.from({ length: volume(40, 150) }, (_, row) => `row${row}.of${i}@example.com,Row ${row}`),
    ].join('\n'),
  })

describe('an organisation with many parallel requests', () => {
  test('with imports runs one at a time, and the others wait or are answered 503', async () => {
    const imports = Promise.all(Array.from({ length: 16 }, (_, i) => importing(i)))
    await expectServedDuring(imports, world.globex, other)
    const answers = await imports
    expect(new Set(answers.map(({ status }) => status))).toSatisfy((statuses: Set<number>) =>
      [...statuses].every(status => status === 200 || status === 409),
    )
    for (const answer of answers.filter(({ status }) => status === 409)) {
      expect([answer.json.code, answer.headers['retry-after']]).toEqual(['busy', '5'])
    }
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThan(0)
  })

  test('with exports and bulk invitations does not block those of others', async () => {
    const invitations = Array.from({ length: 40 }, (_, i) => ({ email: `invited${i}@example.com` }))
    const work = Promise.all(
      Array.from({ length: 6 }, () => [
        world.acme.call(`${api}/users/export.csv`, { token: admin }),
        world.acme.call(`${api}/audit/export.csv`, { token: admin }),
        world.acme.call(`${api}/invitations/bulk/?dry_run=true`, { token: admin, body: { invitations } }),
      ]).flat(),
    )
    await expectServedDuring(work, world.globex, other)
    for (const { status } of await work) expect([200, 409]).toContain(status)
  })

  test('while one of its rows is locked does not block the writes of others', async () => {
    const lock = await hold(
      sql,
      tx => tx`select from ${tx(world.acme.schema)}.users where id = ${world.acme.admin.id} for update`,
    )
    const stuck = Promise.all(Array.from({ length: 30 }, () => rename(world.acme, admin)))
    await expect.poll(() => countWaiting(sql), { interval: 5 }).toBeGreaterThan(0)
    const answers = await Promise.all(Array.from({ length: 6 }, () => rename(world.globex, other)))
    expect(answers.map(({ status }) => status)).toEqual(Array(6).fill(200))
    expect(await countWaiting(sql)).toBeLessThanOrEqual(world.processes * 2)
    await lock.release()
    for (const { status } of await stuck) expect([200, 503]).toContain(status)
  })
})

/** Sends requests until the other work is done. */
async function expectServedDuring(work: Promise<unknown>, place: Place, token: string): Promise<void> {
  let isDone = false
  void work.finally(() => (isDone = true))
  let served = 0
  do {
    const answers = await Promise.all([
      place.call(`${auth}/users/me/`, { token }),
      place.call(`${api}/users/`, { token }),
      rename(place, token),
    ])
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    served++
  } while (!isDone)
  expect(served).toBeGreaterThan(0)
}

function rename(place: Place, token: string): Promise<Answer> {
  return place.call(`${auth}/users/me/`, { method: 'PATCH', token, body: { first_name: 'Renamed' } })
}
