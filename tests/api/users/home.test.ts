import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TenantRealm } from '#server/database/realms.ts'
import type { Home } from '#shared/answers/users.ts'
import type { Place, World } from '../../support/world.ts'
import { addPerson, api, auth, createWorld, realmOf, signInAs } from '../../support/world.ts'

const home = `${api}/home/`
const day = 86_400_000

let world: World
let admin: string
let staff: string
let globexAdmin: string
beforeAll(async () => {
  world = await createWorld({ ACCESS_TTL: '3600' })
  admin = (await signInAs(world.acme, world.acme.admin)).access
  staff = (await signInAs(world.acme, world.acme.staff)).access
  globexAdmin = (await signInAs(world.globex, world.globex.admin)).access
})
afterAll(() => world.stop())

describe('the start page', () => {
  test('is for every signed-in user, on a portal', async () => {
    expect((await world.acme.call(home)).status).toBe(401)
    expect((await world.globex.call(home, { token: admin })).status).toBe(401)
    const { access } = await signInAs(world.console, world.console.admin)
    expect((await world.console.call(home, { token: access })).status).toBe(404)
    expect((await world.call('localhost', home)).status).toBe(404)
  })

  test('of someone without a department has none', async () => {
    expect((await read(staff)).department).toBeNull()
  })

  test("has the user's department, with its other active people", async () => {
    const design = await makeDepartment(world.acme, admin, 'Design')
    const sales = await makeDepartment(world.acme, admin, 'Sales')
    const [eve, fay, gus] = await Promise.all(
      ['eve', 'fay', 'gus'].map(name => addPerson(world, world.acme, `${name}@example.com`)),
    )
    for (const [id, change] of [
      [world.acme.staff.id, { department: design }],
      [eve!.id, { department: design }],
      [fay!.id, { department: design, is_active: false }],
      [gus!.id, { department: sales }],
    ] as const) {
      expect(
        (await world.acme.call(`${auth}/users/${id}/`, { method: 'PATCH', token: admin, body: change })).status,
      ).toBe(200)
    }
    const { department } = await read(staff)
    expect(department).toMatchObject({ id: design, name: 'Design', people: 2 })
    expect(emails(department!.colleagues)).toEqual(['eve@example.com'])
  })

  test('lists people who joined recently, newest first, without the user and inactive people', async () => {
    const { users } = realmOf(world.app, world.acme).realm.tables
    const { db } = realmOf(world.app, world.acme).realm
    await db
      .update(users)
      .set({ date_joined: new Date(Date.now() - 100 * day) })
      .where(eq(users.email, 'gus@example.com'))
    await db
      .update(users)
      .set({ date_joined: new Date(Date.now() - 2 * day) })
      .where(eq(users.email, 'eve@example.com'))
    expect(emails((await read(staff)).newest)).toEqual(['ann@example.com', 'eve@example.com'])
    for (let i = 0; i < 6; i++) await addPerson(world, world.acme, `new${i}@example.com`)
    expect(emails((await read(staff)).newest)).toEqual([5, 4, 3, 2, 1].map(i => `new${i}@example.com`))
  })

  test('shows Staff the same fields of colleagues as the directory', async () => {
    const { newest, department } = await read(staff)
    for (const person of [...newest, ...department!.colleagues])
      expect(Object.keys(person).sort()).toEqual([
        'department',
        'email',
        'first_name',
        'id',
        'last_name',
        'photo',
        'role',
      ])
    expect((await read(admin)).newest[0]).toHaveProperty('last_login')
  })

  test('of one organisation has nothing of another', async () => {
    const { newest, department, tasks, setup } = await read(globexAdmin, world.globex)
    expect([emails(newest), department]).toEqual([['ben@example.com'], null])
    expect(setup).toContainEqual({ step: 'departments', is_done: false })
    expect(tasks).toContainEqual({ task: 'without_department', count: 2 })
  })
})

describe('the steps of setting an organisation up', () => {
  const steps = async () =>
    Object.fromEntries((await read(globexAdmin, world.globex)).setup!.map(({ step, is_done }) => [step, is_done]))

  test('are for Admins, and each is done by what it asks for', async () => {
    expect((await read(staff)).setup).toBeNull()
    expect(await steps()).toEqual({ logo: false, departments: false, colleagues: true, second_admin: false })
    await world.globex.call(`${api}/departments/`, { token: globexAdmin, body: { name: 'Design' } })
    await world.globex.call(`${api}/invitations/`, {
      token: globexAdmin,
      body: { email: 'second@example.com', role: 'Admin' },
    })
    expect(await steps()).toEqual({ logo: false, departments: true, colleagues: true, second_admin: true })
  })

  test('are gone when all are done', async () => {
    const { db, tables } = world.app.database.tenant(world.globex.schema)
    await db.update(tables.settings).set({ logo: 'a.webp' })
    expect((await read(globexAdmin, world.globex)).setup).toBeNull()
    await db.update(tables.settings).set({ logo: null })
  })
})

describe('open tasks', () => {
  test('are for Staff their missing name and photo', async () => {
    expect((await read(staff)).tasks).toEqual([
      { task: 'name', count: 1 },
      { task: 'photo', count: 1 },
    ])
    await world.acme.call(`${auth}/users/me/`, {
      method: 'PATCH',
      token: staff,
      body: { first_name: 'Ben', last_name: 'Abbott' },
    })
    expect((await read(staff)).tasks).toEqual([{ task: 'photo', count: 1 }])
  })

  test("are for an Admin also the organisation's missing settings", async () => {
    const before = await counts(admin)
    expect(before).not.toHaveProperty('invitations_open')
    await addPerson(world, world.acme, 'hal@example.com')
    await addPerson(world, world.acme, 'ida@example.com', { is_active: false })
    expect(await counts(admin)).toEqual({
      ...before,
      without_department: before.without_department! + 1,
      never_signed_in: before.never_signed_in! + 1,
    })
  })

  test('link an Admin to exactly the people whom they count, a filter that Staff cannot use', async () => {
    const listed = async (query: string, token: string) =>
      (await world.acme.call(`${api}/users/?page_size=100&${query}`, { token })).json.count as number
    const { without_department, never_signed_in } = await counts(admin)
    expect([
      await listed('is_active=true&department=none', admin),
      await listed('is_active=true&last_login=never', admin),
    ]).toEqual([without_department, never_signed_in])
    expect(await listed('last_login=never', staff)).toBe(await listed('', staff))
    expect((await world.acme.call(`${api}/users/?department=nowhere`, { token: admin })).json).toEqual({
      department: ['Enter a valid UUID.'],
    })
    expect((await world.acme.call(`${api}/users/?last_login=always`, { token: admin })).status).toBe(400)
  })

  test('are open invitations, with those that expire soon counted separately, without expired ones', async () => {
    const [soon] = await Promise.all(['soon', 'late', 'gone'].map(name => invite(`${name}@example.com`)))
    expect(await counts(admin)).toMatchObject({ invitations_open: 3 })
    const {
      db,
      tables: { invitations },
    } = realmOf(world.app, world.acme).realm as TenantRealm
    await db
      .update(invitations)
      .set({ expires_at: new Date(Date.now() + day) })
      .where(eq(invitations.id, soon!))
    await db
      .update(invitations)
      .set({ expires_at: new Date(Date.now() - day) })
      .where(eq(invitations.email, 'gone@example.com'))
    expect(await counts(admin)).toMatchObject({ invitations_open: 1, invitations_expiring: 1 })
    expect(Object.keys(await counts(staff))).toEqual(['photo'])
  })
})

async function read(token: string, place: Place = world.acme): Promise<Home> {
  const answer = await place.call(home, { token })
  expect(answer.status).toBe(200)
  return answer.json
}

async function counts(token: string): Promise<Partial<Record<string, number>>> {
  return Object.fromEntries((await read(token)).tasks.map(({ task, count }) => [task, count]))
}

async function makeDepartment(place: Place, token: string, name: string): Promise<string> {
  const answer = await place.call(`${api}/departments/`, { token, body: { name } })
  expect(answer.status).toBe(201)
  return answer.json.id
}

async function invite(email: string): Promise<string> {
  const answer = await world.acme.call(`${api}/invitations/`, { token: admin, body: { email } })
  expect(answer.status).toBe(201)
  return answer.json.id
}

function emails(people: { email: string }[]): string[] {
  return people.map(({ email }) => email)
}
