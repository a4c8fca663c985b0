import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newId } from '#server/database/ids.ts'
import { mailsTo } from '../../support/data/mails.ts'
import type { Person } from '../../support/database/templates.ts'
import type { Answer, Call } from '../../support/http.ts'
import type { World } from '../../support/world.ts'
import { addPerson, api, auth, createWorld, realmOf, signInAs } from '../../support/world.ts'

const bulk = `${api}/users/bulk/`

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

describe('many people at once', () => {
  test('are moved, promoted, deactivated and reactivated, and what they are already is left', async () => {
    const people = await add('one', 'two')
    const ids = people.map(({ id }) => id)
    const { id: department } = (await acme(`${api}/departments/`, { token: admin, body: { name: 'Bulk' } })).json
    const steps: [object, object][] = [
      [{ action: 'move', department }, { department }],
      [{ action: 'set_role', role: 'Admin' }, { role: 'Admin' }],
      [{ action: 'set_role', role: 'Staff' }, { role: 'Staff' }],
      [{ action: 'deactivate' }, { is_active: false }],
      [{ action: 'reactivate' }, { is_active: true }],
      [{ action: 'move', department: null }, { department: null }],
    ]
    for (const [change, outcome] of steps) {
      const once = await act({ ids, ...change })
      expect(once.json).toEqual({
        results: people.map(({ id, email }) => ({ id, email, detail: null, status: 'done' })),
      })
      expect((await act({ ids, ...change })).json.results.map(statusOf)).toEqual(['unchanged', 'unchanged'])
      for (const id of ids) expect((await acme(`${auth}/users/${id}/`, { token: admin })).json).toMatchObject(outcome)
    }
    const events = (
      await acme(`${api}/audit/?subject=${ids[0]}&action=user.changed&ordering=created`, { token: admin })
    ).json.results
    expect(events.map(({ details }: { details: object }) => Object.keys(details))).toEqual([
      ['department'],
      ['role'],
      ['role'],
      ['is_active'],
      ['is_active'],
      ['department'],
    ])
    expect(events[0].actor).toBe(world.acme.admin.id)
  })

  test('are signed out at once when they are deactivated', async () => {
    const [person] = await add('leaver')
    const { access } = await signInAs(world.acme, person!)
    await act({ action: 'deactivate', ids: [person!.id] })
    expect((await acme(`${auth}/users/me/`, { token: access })).status).toBe(401)
  })

  test('get another mail to set a password, except deactivated ones, within the rate limit', async () => {
    const [known, gone] = await add('known', 'gone')
    const fresh = (await acme(`${auth}/users/`, { token: admin, body: { email: 'fresh@example.com' } })).json
    await act({ action: 'deactivate', ids: [gone!.id] })
    const { results } = (await act({ action: 'send_link', ids: [known!.id, gone!.id, fresh.id] })).json
    expect(results.map(statusOf)).toEqual(['done', 'refused', 'done'])
    expect(results[1].detail).toBe('This account is deactivated.')
    expect((await mailsTo(world, world.acme, known!.email)).at(-1)!.links[0]).toContain('/auth/password/reset/')
    expect((await mailsTo(world, world.acme, 'fresh@example.com')).map(({ subject }) => subject)).toEqual(
      Array(2).fill('Your account at “Acme Ltd” via localhost'),
    )
    expect(await mailsTo(world, world.acme, gone!.email)).toEqual([])
    expect((await acme(`${api}/audit/?subject=${known!.id}&action=user.link_sent`, { token: admin })).json.count).toBe(
      1,
    )
    const again = []
    for (let i = 0; i < 3; i++)
      again.push(statusOf((await act({ action: 'send_link', ids: [known!.id] })).json.results[0]))
    expect(again).toEqual(['done', 'done', 'refused'])
  })

  test('are each changed or refused: a missing user or the last Admin does not stop the others', async () => {
    const [person] = await add('bystander')
    const answer = await act({ action: 'deactivate', ids: [newId(), world.acme.admin.id, person!.id, person!.id] })
    expect(answer).toMatchObject({
      status: 200,
      json: {
        results: [
          { email: null, status: 'refused', detail: 'Not found.' },
          {
            id: world.acme.admin.id,
            status: 'refused',
            detail: 'The last active Admin cannot be demoted, deactivated or deleted.',
          },
          { id: person!.id, status: 'done', detail: null },
        ],
      },
    })
    expect(answer.json.results).toHaveLength(3)
  })

  test.each<[string, object, string]>([
    ['no action', { ids: [newId()] }, 'action'],
    ['an unknown action', { action: 'delete', ids: [newId()] }, 'action'],
    ['no ids', { action: 'deactivate' }, 'ids'],
    ['an empty list', { action: 'deactivate', ids: [] }, 'ids'],
    ['ids that are none', { action: 'deactivate', ids: ['me'] }, 'ids'],
    ['a text of ids', { action: 'deactivate', ids: newId() }, 'ids'],
    ['more than a hundred', { action: 'deactivate', ids: Array.from({ length: 101 }, newId) }, 'ids'],
    ['no department to move to', { action: 'move', ids: [newId()] }, 'department'],
    ['a department that is not there', { action: 'move', ids: [newId()], department: newId() }, 'department'],
    ['no role', { action: 'set_role', ids: [newId()] }, 'role'],
    ["an operator's role", { action: 'set_role', ids: [newId()], role: 'Support' }, 'role'],
  ])('are not touched by %s', async (_what, body, field) => {
    expect(await act(body)).toMatchObject({ status: 400, json: { [field]: [expect.any(String)] } })
  })
})

// AZ-01, AZ-04, AZ-08, AZ-17
describe('only an Admin, and only of the same organisation', () => {
  test('acts on many: Staff are refused, and nothing happens', async () => {
    const body = { action: 'set_role', role: 'Admin', ids: [world.acme.staff.id] }
    expect((await acme(bulk, { token: staff, body })).status).toBe(403)
    expect((await acme(bulk, { body })).status).toBe(401)
    expect((await acme(bulk, { token: globexAdmin, body })).status).toBe(401)
    expect((await acme(`${auth}/users/${world.acme.staff.id}/`, { token: admin })).json.role).toBe('Staff')
  })

  test('finds no one of another organisation, as if they did not exist', async () => {
    const before = await rowOf(world.globex.staff)
    for (const change of [
      { action: 'deactivate' },
      { action: 'set_role', role: 'Admin' },
      { action: 'move', department: null },
      { action: 'send_link' },
    ]) {
      const { results } = (await act({ ...change, ids: [world.globex.staff.id] })).json
      expect(results).toEqual([{ id: world.globex.staff.id, email: null, status: 'refused', detail: 'Not found.' }])
    }
    expect(await rowOf(world.globex.staff)).toEqual(before)
  })

  test('moves nobody to a department of another organisation', async () => {
    const { id: department } = (
      await world.globex.call(`${api}/departments/`, { token: globexAdmin, body: { name: 'Elsewhere' } })
    ).json
    const answer = await act({ action: 'move', department, ids: [world.acme.staff.id] })
    expect([answer.status, answer.json]).toEqual([
      400,
      { department: [`Invalid pk "${department}" - object does not exist.`] },
    ])
  })

  test('stores only the field of the action', async () => {
    const [person] = await add('plain')
    await act({
      action: 'move',
      department: null,
      ids: [person!.id],
      role: 'Admin',
      is_active: false,
      employee_id: 'X-1',
      email: 'taken-over@example.com',
      first_name: 'Taken',
    })
    expect((await acme(`${auth}/users/${person!.id}/`, { token: admin })).json).toMatchObject({
      email: person!.email,
      role: 'Staff',
      is_active: true,
      employee_id: null,
      first_name: '',
    })
  })
})

// AZ-09, AZ-10
describe('the last active Admin', () => {
  test('stays, for any concurrent requests of all kinds', async () => {
    for (let round = 0; round < 8; round++) {
      const other = await addPerson(world, world.acme, `admin${round}@example.com`, { role: 'Admin' })
      const [mine, others] = [admin, (await signInAs(world.acme, other)).access]
      const file = (email: string) => ({
        method: 'POST',
        headers: { 'content-type': 'text/csv' },
        body: `email,role\n${email},Staff\n`,
      })
      await Promise.all([
        act({ action: 'deactivate', ids: [other.id, world.acme.admin.id] }, mine),
        act({ action: 'set_role', role: 'Staff', ids: [world.acme.admin.id, other.id] }, others),
        acme(`${auth}/users/${other.id}/`, { method: 'PATCH', token: mine, body: { role: 'Staff' } }),
        acme(`${api}/users/import/`, { token: others, ...file(world.acme.admin.email) }),
        acme(`${api}/users/import/`, { token: mine, ...file(other.email) }),
      ])
      expect(await activeAdmins()).toHaveLength(1)
      await restore(other)
    }
  })

  test('is kept when all admins are selected', async () => {
    const other = await addPerson(world, world.acme, 'second-admin@example.com', { role: 'Admin' })
    const { results } = (await act({ action: 'set_role', role: 'Staff', ids: [other.id, world.acme.admin.id] })).json
    expect(results.map(statusOf)).toEqual(['done', 'refused'])
    expect(await activeAdmins()).toEqual([world.acme.admin.id])
  })
})

function acme(path: string, options?: Call): Promise<Answer> {
  return world.acme.call(path, options)
}

function act(body: object, token = admin): Promise<Answer> {
  return acme(bulk, { token, body })
}

function add(...names: string[]): Promise<Person[]> {
  return Promise.all(names.map(name => addPerson(world, world.acme, `${name}@example.com`)))
}

function statusOf({ status }: { status: string }): string {
  return status
}

async function rowOf(person: Person) {
  const {
    db,
    tables: { users },
  } = realmOf(world.app, world.globex).realm
  return db
    .select({ role: users.role, department: users.department, is_active: users.is_active })
    .from(users)
    .where(eq(users.id, person.id))
}

async function activeAdmins(): Promise<string[]> {
  const {
    db,
    tables: { users },
  } = realmOf(world.app, world.acme).realm
  const rows = await db.select({ id: users.id, role: users.role, is_active: users.is_active }).from(users)
  return rows.filter(({ role, is_active }) => role === 'Admin' && is_active).map(({ id }) => id)
}

/** Makes Ann the only Admin again, and signs in with that account. */
async function restore(other: Person): Promise<void> {
  const {
    db,
    tables: { users },
  } = realmOf(world.app, world.acme).realm
  await db.update(users).set({ role: 'Admin', deactivated_at: null }).where(eq(users.id, world.acme.admin.id))
  await db.delete(users).where(eq(users.id, other.id))
  admin = (await signInAs(world.acme, world.acme.admin)).access
}
