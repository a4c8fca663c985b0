import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runCli } from '../../support/process/cli.ts'
import type { Answer } from '../../support/http.ts'
import { lastMailTo } from '../../support/data/mails.ts'
import type { Place, World } from '../../support/world.ts'
import { api, auth, createWorld, signInAs } from '../../support/world.ts'

/** Addresses that look the same, as pasted from a web page, a spreadsheet or an address book. */
const pasted = [
  '\u200Bben@example.com',
  'be\u00ADn@example.com',
  'ben@\u2060example.com',
  '\u202Aben@example.com\u202C',
  'ben\uFE0F@example.com',
  '\u00A0Ben@Example.com\uFEFF',
  'ben@exa\u200Dmple.com',
]
const password = 'a perfectly fine phrase'

let world: World
let admin: string
let operator: string
beforeAll(async () => {
  world = await createWorld({ ACCESS_TTL: '3600', SIGNUP: 'open' })
  admin = (await signInAs(world.acme, world.acme.admin)).access
  operator = (await signInAs(world.console, world.console.admin)).access
  expect((await onAcme(`${api}/organization/`, { registration: 'open' }, 'PATCH')).status).toBe(200)
})
afterAll(() => world.stop())

describe('an address with invisible characters is the account of the same address without them', () => {
  test.each(pasted)('at sign-in: %j', async email => {
    for (const place of [world.acme, world.globex]) {
      const { access } = (await place.call(`${auth}/jwt/create/`, { body: { email, password: place.staff.password } }))
        .json
      expect((await place.call(`${auth}/users/me/`, { token: access })).json).toMatchObject({
        id: place.staff.id,
        email: 'ben@example.com',
      })
    }
  })

  test.each(pasted)('and nobody gets a second one: %j', async email => {
    const taken = { email: ['A user with this email already exists.'] }
    const count = () => world.acme.call(`${auth}/users/`, { token: admin }).then(({ json }) => json.count)
    const before = await count()
    expect((await world.acme.call(`${auth}/users/`, { body: { email, password } })).json).toEqual(taken)
    expect((await onAcme(`${auth}/users/`, { email, password })).json).toEqual(taken)
    expect((await onAcme(`${api}/invitations/`, { email })).json).toEqual(taken)
    expect((await bring(`email,first_name,last_name\r\n${email},Benjamin,Abbott\r\n`)).json).toMatchObject({
      created: 0,
      errors: [],
    })
    expect((await bring(`\u200Bemail,employee_id\r\n${email},\u00A0E-17\u200B\r\n`)).json).toMatchObject({
      created: 0,
      errors: [],
    })
    expect(await count()).toBe(before)
    const [ben] = (await world.acme.call(`${api}/users/?search=${encodeURIComponent(email)}`, { token: admin })).json
      .results
    expect(ben).toMatchObject({
      id: world.acme.staff.id,
      email: 'ben@example.com',
      first_name: 'Benjamin',
      employee_id: 'E-17',
    })
    expect(
      (await world.globex.call(`${api}/users/`, { token: (await signInAs(world.globex, world.globex.admin)).access }))
        .json.results,
    ).toContainEqual(expect.objectContaining({ id: world.globex.staff.id, first_name: '' }))
  })

  test('where a new password is asked for', async () => {
    expect(
      (await world.acme.call(`${auth}/users/reset_password/`, { body: { email: '\u2066ann@example.com\u2069' } }))
        .status,
    ).toBe(204)
    expect((await lastMailTo(world, world.acme, 'ann@example.com', /^Set a new password/)).links[0]).toContain(
      '/auth/password/reset/',
    )
  })

  test('to an operator at the command line', async () => {
    for (const email of ['ann\u200B@example.com', '\u00A0ANN@example.com']) {
      const { code, json } = await runCli(['operator', 'role', email, '--role', 'Admin', '--json'], world.env)
      expect([code, json]).toMatchObject([0, { id: world.console.admin.id }])
    }
  })
})

describe('invisible characters do not make a unique name different', () => {
  test('a department, also in a file', async () => {
    const { json: finance } = await onAcme(`${api}/departments/`, { name: '  Human \u00A0Re\u00ADsources\u200B' })
    expect(finance.name).toBe('Human Resources')
    for (const name of [
      'human resources',
      'Human\u2003Resources',
      'Human Resources\uFE0F',
      'Hu\u200Dman Resources',
      '\u202EHuman Resources\u202C',
    ]) {
      const answer = await onAcme(`${api}/departments/`, { name })
      expect([answer.status, Object.keys(answer.json)]).toEqual([400, ['name']])
    }
    expect((await bring('email,department\r\nben@example.com,\u200BHuman\u00A0Resources\r\n')).json).toMatchObject({
      changed: 1,
      errors: [],
    })
    expect(
      (
        await onAcme(`${api}/invitations/bulk/`, {
          csv: '\u200Bemail,department\r\ncsv@example.com,HUMAN\u00A0resources\u200B\r\n',
        })
      ).json.results,
    ).toMatchObject([{ status: 'invited', invitation: { department: finance.id } }])
  })

  test('an employee id', async () => {
    expect(
      (await onAcme(`${auth}/users/`, { email: 'first@example.com', employee_id: 'P\u200B-1' })).json.employee_id,
    ).toBe('P-1')
    expect(
      (await onAcme(`${auth}/users/`, { email: 'second@example.com', employee_id: '\u00A0P-\u20601' })).json,
    ).toEqual({ employee_id: [expect.any(String)] })
  })

  test('an organisation, its subdomain and its domain', async () => {
    const create = (body: object) =>
      world.console.call(`${api}/tenants/`, {
        token: operator,
        body: {
          name: 'Initech',
          subdomain: 'initech',
          business_email: 'office@initech.test',
          admin_email: 'boss@initech.test',
          ...body,
        },
      })
    const { json: tenant } = await create({ name: 'Ini\u200Dtech\uFE0F', subdomain: '\u202Aini\u00ADtech\u202C' })
    expect(tenant).toMatchObject({ name: 'Initech', subdomain: 'initech' })
    expect((await create({ name: 'Ini\u2064tech', subdomain: 'other' })).json).toEqual({ name: [expect.any(String)] })
    expect((await create({ name: 'Other', subdomain: 'initech\u200B' })).json).toEqual({
      subdomain: [expect.any(String)],
    })
    const domain = (host: string) =>
      world.console.call(`${api}/tenants/${world.acme.id}/domains/`, { token: operator, body: { host } })
    expect((await domain('staff.\u200Bexample.org\u00A0')).json.host).toBe('staff.example.org')
    expect((await domain('staff.exam\u00ADple.org')).status).toBe(400)
    expect(
      (await world.call('localhost', `${api}/tenants/info/`, { body: { subdomain: '\u200BAcme' } })).json.subdomain,
    ).toBe('acme')
  })
})

test('a password is as it is, whatever is in it', async () => {
  const odd = 'zero\u200Bwidth \u00A0 horses'
  await onAcme(`${auth}/users/`, { email: 'odd@example.com', password: odd })
  const signIn = (password: string) =>
    world.acme
      .call(`${auth}/jwt/create/`, { body: { email: 'odd@example.com', password } })
      .then(({ status }) => status)
  expect([await signIn(odd), await signIn('zerowidth horses'), await signIn('zerowidth \u00A0 horses')]).toEqual([
    200, 401, 401,
  ])
})

function onAcme(path: string, body: object, method = 'POST'): Promise<Answer> {
  return world.acme.call(path, { method, token: admin, body })
}

function bring(body: string, place: Place = world.acme): Promise<Answer> {
  return place.call(`${api}/users/import/`, {
    method: 'POST',
    token: admin,
    body,
    headers: { 'content-type': 'text/csv' },
  })
}
