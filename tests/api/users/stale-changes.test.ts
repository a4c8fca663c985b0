import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Answer, Call } from '../../support/http.ts'
import { addOperator } from '../../support/data/operators.ts'
import type { Place, World } from '../../support/world.ts'
import { addPerson, api, auth, createWorld, signInAs } from '../../support/world.ts'

/** A resource that is read, and changed twice with different fields. */
interface Resource {
  name: string
  place: Place
  token: string
  /** Where it is read; `change` by default. */
  read?: string
  change: string
  first: Record<string, unknown>
  second: Record<string, unknown>
}

let world: World
let resources: Resource[]
beforeAll(async () => {
  world = await createWorld()
  resources = [...(await portalResources(world.acme)), ...(await portalResources(world.globex)), ...(await onConsole())]
})
afterAll(() => world.stop())

async function portalResources(place: Place): Promise<Resource[]> {
  const { access: token } = await signInAs(place, place.admin)
  const person = await addPerson(world, place, 'stale@example.com')
  const own = await addPerson(world, place, 'own@example.com')
  const department = await place.call(`${api}/departments/`, { token, body: { name: 'Stale' } })
  const first = { role: 'Admin' }
  const second = { employee_id: 'E-1' }
  const change = `${auth}/users/${person.id}/`
  return [
    { name: 'a user', place, token, change, first, second },
    {
      name: 'a user, read in the directory',
      place,
      token,
      read: `${api}/users/${person.id}/`,
      change,
      first: { role: 'Staff' },
      second: { employee_id: 'E-2' },
    },
    {
      name: 'the caller',
      place,
      token: (await signInAs(place, own)).access,
      change: `${auth}/users/me/`,
      first: { first_name: 'Omar' },
      second: { last_name: 'Haddad' },
    },
    {
      name: 'a department',
      place,
      token,
      change: `${api}/departments/${department.json.id}/`,
      first: { name: 'Staler' },
      second: { name: 'Stalest' },
    },
    {
      name: 'the organisation',
      place,
      token,
      change: `${api}/organization/`,
      first: { password_min_length: 15 },
      second: { business_phone_number: '+44 20 7946 0000' },
    },
  ]
}

async function onConsole(): Promise<Resource[]> {
  const place = world.console
  const { access: token } = await signInAs(place, place.admin)
  const operator = await addOperator(world, 'stale@example.com', 'Staff')
  return [
    {
      name: 'an operator',
      place,
      token,
      change: `${auth}/users/${operator.id}/`,
      first: { role: 'Support' },
      second: { first_name: 'Rita' },
    },
    {
      name: 'a tenant',
      place,
      token,
      change: `${api}/tenants/${world.globex.id}/`,
      first: { business_phone_number: '+44 20 7946 0001' },
      second: { business_email: 'office@globex.example' },
    },
  ]
}

describe('a change with If-Match', () => {
  test('applies to the state that was read, and to no later one', async () => {
    for (const resource of resources) {
      const { name, first, second } = resource
      const read = await callOf(resource, {}, resource.read)
      expect([name, read.status, read.headers.etag]).toEqual([name, 200, read.json.etag])
      const changed = await patch(resource, first, read.json.etag)
      expect([name, changed.status]).toEqual([name, 200])
      expect(changed.json).toMatchObject(first)
      expect(changed.json.etag).not.toBe(read.json.etag)

      const stale = await patch(resource, second, read.json.etag)
      expect([name, stale.status]).toEqual([name, 412])
      expect(stale.json).toMatchObject({
        detail: 'It has been changed in the meantime.',
        code: 'changed_meanwhile',
        current: { ...first, etag: changed.json.etag },
      })
      const now = await callOf(resource, {}, resource.read)
      expect(now.json.etag).toBe(changed.json.etag)

      const again = await patch(resource, second, changed.json.etag)
      expect([name, again.status]).toEqual([name, 200])
      expect(again.json).toMatchObject(name === 'a department' ? second : { ...first, ...second })
    }
  })

  test('of which two come at once: one is made, the other refused', async () => {
    for (const resource of resources) {
      const { etag } = (await callOf(resource)).json
      const value = (n: number) => (resource.name === 'a department' ? { name: `At once ${n}` } : changeOf(resource, n))
      const answers = await Promise.all([1, 2, 3].map(n => patch(resource, value(n), etag)))
      expect([resource.name, ...answers.map(({ status }) => status).sort()]).toEqual([resource.name, 200, 412, 412])
    }
  })

  test('may name several states, or any', async () => {
    for (const resource of resources) {
      const { etag } = (await callOf(resource)).json
      for (const ifMatch of [`"other", ${etag}`, `${etag},"other"`, '*'])
        expect([resource.name, (await patch(resource, {}, ifMatch)).status]).toEqual([
          resource.name,
          resource.name === 'a department' ? 400 : 200,
        ])
      for (const ifMatch of ['"other"', `W/${etag}`, etag.slice(1, -1), 'x'])
        expect([resource.name, ifMatch, (await patch(resource, resource.second, ifMatch)).status]).toEqual([
          resource.name,
          ifMatch,
          412,
        ])
    }
  })

  test('is not needed', async () => {
    for (const resource of resources) expect((await patch(resource, resource.first)).status).toBe(200)
  })
})

test('a refused change tells nothing of another organisation', async () => {
  const { access: token } = await signInAs(world.acme, world.acme.admin)
  const path = `${auth}/users/${world.globex.staff.id}/`
  const answer = await world.acme.call(path, { method: 'PATCH', token, body: {}, headers: { 'if-match': '"other"' } })
  expect([answer.status, answer.json]).toEqual([404, { detail: 'Not found.' }])
})

test('Staff see no entity tag of others: it would tell whether a guess of a hidden field is right', async () => {
  const { access: token } = await signInAs(world.acme, world.acme.staff)
  const { json } = await world.acme.call(`${api}/users/${world.acme.admin.id}/`, { token })
  expect(json).not.toHaveProperty('etag')
  expect(json).not.toHaveProperty('employee_id')
})

function changeOf({ name, change }: Resource, n: number): Record<string, unknown> {
  if (change.includes('/organization/')) return { business_phone_number: `+44 20 7946 001${n}` }
  if (change.includes('/tenants/')) return { business_phone_number: `+44 20 7946 002${n}` }
  return { first_name: `${name}, at once ${n}` }
}

function callOf({ place, token, change }: Resource, options: Call = {}, path = change): Promise<Answer> {
  return place.call(path, { token, ...options })
}

function patch(resource: Resource, body: Record<string, unknown>, ifMatch?: string): Promise<Answer> {
  return callOf(resource, { method: 'PATCH', body, headers: ifMatch === undefined ? {} : { 'if-match': ifMatch } })
}
