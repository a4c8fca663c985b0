import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Answer, Call } from '../../support/http.ts'
import type { World } from '../../support/world.ts'
import { addPerson, api, auth, createWorld, signInAs } from '../../support/world.ts'

const departments = `${api}/departments/`

let world: World
let sql: postgres.Sql
let admin: string
let staff: string
let globexAdmin: string
beforeAll(async () => {
  world = await createWorld({ ACCESS_TTL: '3600' })
  sql = postgres(world.env.DATABASE_URL!, { max: 1, onnotice: () => {} })
  admin = (await signInAs(world.acme, world.acme.admin)).access
  staff = (await signInAs(world.acme, world.acme.staff)).access
  globexAdmin = (await signInAs(world.globex, world.globex.admin)).access
})
afterAll(async () => {
  await sql.end()
  await world.stop()
})

describe('a department', () => {
  test('is created, renamed and deleted by an Admin, and read by everyone', async () => {
    const made = await acme(departments, { token: admin, body: { name: ' Design ' } })
    expect(made).toMatchObject({ status: 201, json: { name: 'Design' } })
    const path = `${departments}${made.json.id}/`
    expect((await acme(path, { token: staff })).json).toEqual(made.json)
    expect((await acme(departments, { token: staff })).json).toMatchObject({
      count: 1,
      results: [{ name: 'Design', people: 0 }],
    })
    for (const method of ['PUT', 'PATCH'])
      expect((await acme(path, { method, token: admin, body: { name: `By ${method}` } })).json.name).toBe(
        `By ${method}`,
      )
    expect(await acme(path, { method: 'DELETE', token: admin })).toMatchObject({ status: 204, text: '' })
    expect((await acme(path, { token: admin })).status).toBe(404)
    expect((await acme(path, { method: 'DELETE', token: admin })).status).toBe(404)
  })

  test('cannot be changed by Staff', async () => {
    const { id } = await make('Legal')
    const calls: [string, Call][] = [
      [departments, { body: { name: "Staff's" } }],
      [`${departments}${id}/`, { method: 'PATCH', body: { name: "Staff's" } }],
      [`${departments}${id}/`, { method: 'PUT', body: { name: "Staff's" } }],
      [`${departments}${id}/`, { method: 'DELETE' }],
      [`${departments}${id}/transfers/`, { body: { department: id } }],
    ]
    for (const [path, call] of calls) {
      expect((await acme(path, { ...call, token: staff })).status).toBe(403)
      expect((await acme(path, call)).status).toBe(401)
    }
    expect((await acme(`${departments}${id}/`, { token: admin })).json.name).toBe('Legal')
  })

  test('of another organisation is not found', async () => {
    const { id } = await make('Acme only')
    const path = `${departments}${id}/`
    for (const call of [{}, { method: 'PATCH', body: { name: 'Taken over' } }, { method: 'DELETE' }]) {
      const answer = await world.globex.call(path, { ...call, token: globexAdmin })
      expect([answer.status, answer.text]).toEqual([404, '{"detail":"Not found."}'])
    }
    expect(
      (await world.globex.call(`${path}transfers/`, { token: globexAdmin, body: { department: id } })).status,
    ).toBe(404)
    expect((await acme(path, { token: admin })).json.name).toBe('Acme only')
    expect(
      (await world.globex.call(departments, { token: globexAdmin })).json.results.map(
        (row: { name: string }) => row.name,
      ),
    ).not.toContain('Acme only')
  })

  test('has a name that is unique in its organisation, in any case', async () => {
    const { id } = await make('Research')
    const taken = { status: 400, json: { name: ['A department with this name already exists.'] } }
    expect(await acme(departments, { token: admin, body: { name: 'rESEARCH' } })).toMatchObject(taken)
    const other = await make('Operations')
    expect(
      await acme(`${departments}${other.id}/`, { method: 'PATCH', token: admin, body: { name: 'RESEARCH' } }),
    ).toMatchObject(taken)
    expect(
      (await acme(`${departments}${id}/`, { method: 'PATCH', token: admin, body: { name: 'RESEARCH' } })).status,
    ).toBe(200)
    expect((await world.globex.call(departments, { token: globexAdmin, body: { name: 'Research' } })).status).toBe(201)
    const both = await Promise.all(
      [1, 2].map(() => acme(departments, { token: admin, body: { name: 'Both at once' } })),
    )
    expect(both.map(answer => answer.status).sort()).toEqual([201, 400])
  })

  test('has a name of 1 to 150 characters in one line', async () => {
    for (const name of ['', '   ', 'x'.repeat(151), 'two\r\nlines', null, 1, ['Sales'], { name: 'Sales' }, undefined]) {
      const answer = await acme(departments, { token: admin, body: { name } })
      expect([answer.status, Object.keys(answer.json)]).toEqual([400, ['name']])
    }
  })
})

describe('a department in use', () => {
  test('is not deleted, until its people have moved', async () => {
    const from = await make('Closing')
    const to = await make('Staying')
    const people = await Promise.all(['ida', 'jon'].map(name => addPerson(world, world.acme, `${name}@example.com`)))
    for (const { id } of people)
      expect(
        (await acme(`${auth}/users/${id}/`, { method: 'PATCH', token: admin, body: { department: from.id } })).status,
      ).toBe(200)

    expect(await acme(`${departments}${from.id}/`, { method: 'DELETE', token: admin })).toMatchObject({
      status: 409,
      json: { code: 'in_use' },
    })
    expect((await acme(`${departments}?search=closing`, { token: staff })).json.results[0].people).toBe(2)

    expect(
      (await acme(`${departments}${from.id}/transfers/`, { token: admin, body: { department: to.id } })).json,
    ).toEqual({ moved: 2 })
    expect((await acme(`${departments}?search=staying`, { token: staff })).json.results[0].people).toBe(2)
    expect((await acme(`${departments}${from.id}/`, { method: 'DELETE', token: admin })).status).toBe(204)
  })

  test('moves thousands of people, and records each', async () => {
    const from = await make('Crowded')
    const to = await make('Roomy')
    await sql`insert into ${sql(world.acme.schema)}.users (id, email, department, activated_at, date_joined)
      select gen_random_uuid(), 'crowd' || n || '@example.com', ${from.id}, now(), now() from generate_series(1, 2001) n`
    const answer = await acme(`${departments}${from.id}/transfers/`, { token: admin, body: { department: to.id } })
    expect(answer.json).toEqual({ moved: 2001 })
    const deeds = await sql`
      select action, count(*)::int from ${sql(world.acme.schema)}.audit_events
      where details ->> 'to' = ${to.id} or details -> 'department' ->> 'to' = ${to.id} group by action order by action`
    expect([...deeds]).toEqual([
      { action: 'department.transferred', count: 1 },
      { action: 'user.changed', count: 2001 },
    ])
    await sql`delete from ${sql(world.acme.schema)}.users where department = ${to.id}`
  })

  test('moves its people only to another of the same organisation', async () => {
    const from = await make('Here')
    const foreign = (await world.globex.call(departments, { token: globexAdmin, body: { name: 'There' } })).json
    for (const department of [foreign.id, '01900000-0000-7000-8000-000000000000', 'none']) {
      const answer = await acme(`${departments}${from.id}/transfers/`, { token: admin, body: { department } })
      expect([answer.status, answer.json]).toEqual([
        400,
        { department: [`Invalid pk "${department}" - object does not exist.`] },
      ])
    }
  })

  test('cannot be assigned while it is being deleted, or from another organisation, AZ-07', async () => {
    const gone = await make('Gone')
    await acme(`${departments}${gone.id}/`, { method: 'DELETE', token: admin })
    const foreign = (await world.globex.call(departments, { token: globexAdmin, body: { name: 'Foreign' } })).json
    for (const department of [gone.id, foreign.id]) {
      const answer = await acme(`${auth}/users/${world.acme.staff.id}/`, {
        method: 'PATCH',
        token: admin,
        body: { department },
      })
      expect([answer.status, answer.json]).toEqual([
        400,
        { department: [`Invalid pk "${department}" - object does not exist.`] },
      ])
    }
  })
})

test('what was done to departments is in the record', async () => {
  const { id } = await make('Recorded')
  await acme(`${departments}${id}/`, { method: 'PATCH', token: admin, body: { name: 'Renamed' } })
  await acme(`${departments}${id}/`, { method: 'DELETE', token: admin })
  const { json } = await acme(`${api}/audit/?subject=${id}&ordering=created`, { token: admin })
  expect(json.results.map((event: { action: string }) => event.action)).toEqual([
    'department.created',
    'department.renamed',
    'department.deleted',
  ])
  expect(json.results[1].details).toEqual({ name: { from: 'Recorded', to: 'Renamed' } })
})

async function make(name: string): Promise<{ id: string; name: string }> {
  const answer = await acme(departments, { token: admin, body: { name } })
  expect(answer.status).toBe(201)
  return answer.json
}

function acme(path: string, options?: Call): Promise<Answer> {
  return world.acme.call(path, options)
}
