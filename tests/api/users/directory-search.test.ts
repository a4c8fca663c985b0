import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newId } from '#server/database/ids.ts'
import type { TenantRealm } from '#server/database/realms.ts'
import { directoryFilter, directoryQuery } from '#server/domain/users/query.ts'
import type { World } from '../../support/world.ts'
import { api, createWorld, realmOf, signInAs } from '../../support/world.ts'

const size = 5_000
const firstNames = ['Amara', 'Bilal', 'Chloë', 'Dmitri', 'Søren', 'Łucja', 'أحمد', '王']
const lastNames = ['Abbott', 'Castillo', 'Müller', 'Öztürk', 'Nakamura', "O'Neil"]

let world: World
let admin: string
let staff: string
beforeAll(async () => {
  world = await createWorld({ ACCESS_TTL: '3600' })
  admin = (await signInAs(world.acme, world.acme.admin)).access
  staff = (await signInAs(world.acme, world.acme.staff)).access
  const {
    db,
    tables: { users },
  } = acme()
  const now = new Date()
  const people = Array.from({ length: size }, (_, i) => ({
    id: newId(),
    email: `colleague${i}@example.org`,
    first_name: firstNames[i % 8]!,
    last_name: i === 4_321 ? 'Quizzlewick' : lastNames[i % 6]!,
    employee_id: `EMP-${i}`,
    date_joined: now,
    activated_at: now,
  }))
  for (let at = 0; at < size; at += 500) await db.insert(users).values(people.slice(at, at + 500))
  await db.execute(sql`analyze ${users}`)
})
afterAll(() => world.stop())

describe('a search among 5,000 people', () => {
  test.each([
    ['a rare word', 'quizzlewick', 1],
    ['a part of a word', 'zzlew', 1],
    ['what nobody has', 'nobody-is-called-this', 0],
    ['two letters', 'wi', 1],
    ['two words', 'chloe quizz', 0],
    ['a word that everyone has', 'example.org', size],
    ["a number of an Admin's", 'emp-4321', 1],
  ])('is answered from an index: %s', async (_what, search, count) => {
    for (const [token, asAdmin] of [
      [staff, false],
      [admin, true],
    ] as const) {
      const plan = await explain(search, asAdmin)
      expect(plan).toContain('users_search')
      expect(plan).not.toContain('Seq Scan')
      expect((await find(search, token)).count).toBe(search.startsWith('emp-') && !asAdmin ? 0 : count)
    }
  })

  test.each([
    ['chloe', 'Chloë'],
    ['CHLOË', 'Chloë'],
    ['Chloe\u0308', 'Chloë'],
    ['soren', 'Søren'],
    ['lucja', 'Łucja'],
    ['احمد', 'أحمد'],
    ['أَحْمَد', 'أحمد'],
    ['王', '王'],
    ['Ａｍａｒａ', 'Amara'],
  ])('finds people with and without marks: %s', async (search, first_name) => {
    const { count, results } = await find(search, staff)
    expect([count, results[0].first_name]).toEqual([size / 8, first_name])
  })

  test('finds the word itself, not its trigrams in another order', async () => {
    // The trigrams "con-", "-onl-", "-nle-", "-leg-", … all occur, in another order.
    expect((await find('colleaguecol', staff)).count).toBe(0)
    expect((await find('orgcolleague', staff)).count).toBe(0)
    expect((await find('％', staff)).count).toBe(0)
  })

  test('follows a change of a name at once', async () => {
    const path = `${api}/auth/users/${world.acme.staff.id}/`
    await world.acme.call(path, { method: 'PATCH', token: admin, body: { last_name: 'Featherstonehaugh' } })
    expect((await find('featherstone', staff)).count).toBe(1)
    await world.acme.call(path, { method: 'PATCH', token: admin, body: { last_name: 'Fanshaw' } })
    expect((await find('featherstone', staff)).count).toBe(0)
    expect((await find('fanshaw', staff)).count).toBe(1)
  })

  test('finds nobody of another organisation', async () => {
    const { access } = await signInAs(world.globex, world.globex.admin)
    expect((await world.globex.call(`${api}/users/?search=quizzlewick`, { token: access })).json.count).toBe(0)
  })
})

function acme(): TenantRealm {
  return realmOf(world.app, world.acme).realm as TenantRealm
}

/** PostgreSQL's query plan for the server's search. */
async function explain(search: string, asAdmin: boolean): Promise<string> {
  const {
    db,
    tables: { users },
  } = acme()
  const where = directoryFilter(acme(), directoryQuery.parse({ search }), asAdmin)
  const query = db
    .select({ id: users.id, count: sql`count(*) over ()` })
    .from(users)
    .where(where)
    .orderBy(users.last_name, users.first_name, users.id)
    .limit(25)
  const rows = await db.execute<{ 'QUERY PLAN': string }>(sql`explain ${query}`)
  return rows.map(row => row['QUERY PLAN']).join('\n')
}

async function find(search: string, token: string) {
  return (await world.acme.call(`${api}/users/?search=${encodeURIComponent(search)}`, { token })).json
}
