import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createPasskey } from '../../support/data/authenticator.ts'
import { addPasskey, addTotp, answerWith, challengeOf } from '../../support/data/factors.ts'
import { codeOf } from '../../support/data/totp.ts'
import type { Person } from '../../support/database/templates.ts'
import type { Place, World } from '../../support/world.ts'
import { addPerson, api, auth, createWorld, realmOf, signInAs } from '../../support/world.ts'

let world: World
let admin: string
let people = 0
beforeAll(async () => {
  world = await createWorld({ OPERATOR_SECOND_FACTOR: 'required' })
  const protectedAdmin = await addTotp(world.acme, world.acme.admin)
  admin = protectedAdmin.token
})
afterAll(() => world.stop())

const newcomer = (role: 'Admin' | 'Staff' = 'Staff') =>
  addPerson(world, world.acme, `rule-${++people}@acme.test`, { role })

const setRule = async (second_factor: string, second_factor_grace = 0) => {
  const body = { second_factor, second_factor_grace }
  const answer = await world.acme.call(`${api}/organization/`, { method: 'PATCH', token: admin, body })
  expect(answer.json).toMatchObject(body)
}

const statusOf = async (token: string, path = `${api}/home/`, place: Place = world.acme) => {
  const { status, json } = await place.call(path, { token })
  return [status, json?.code]
}

const refused = [403, 'second_factor_enrolment_required']

describe('a rule that everyone needs a second factor', () => {
  test('limits open and new sessions to adding one, and lifts the limit with the first', async () => {
    const person = await newcomer()
    const { access: open } = await signInAs(world.acme, person)
    await setRule('everyone')
    const { access } = await signInAs(world.acme, person)
    for (const token of [open, access]) {
      expect(await statusOf(token)).toEqual(refused)
      expect(await statusOf(token, `${api}/users/`)).toEqual(refused)
      expect(await statusOf(token, `${auth}/devices/`)).toEqual(refused)
      expect((await statusOf(token, `${auth}/users/me/`))[0]).toBe(200)
      expect((await statusOf(token, `${api}/sessions/`))[0]).toBe(200)
      expect((await statusOf(token, `${auth}/factors/`))[0]).toBe(200)
    }
    const change = { method: 'PATCH', token: open, body: { first_name: 'X' } }
    expect((await world.acme.call(`${auth}/users/me/`, change)).json.code).toBe(refused[1])
    expect((await world.acme.call(`${auth}/users/me/`, { token: open })).json.must_enrol).toBe(true)
    const { secret } = await addTotp(world.acme, person, open)
    for (const token of [open, access]) expect((await statusOf(token))[0]).toBe(200)
    expect((await world.acme.call(`${auth}/users/me/`, { token: open })).json.must_enrol).toBe(false)
    const challenge = await challengeOf(world.acme, person)
    expect((await answerWith(world.acme, { challenge, code: codeOf(secret) })).status).toBe(200)
    await setRule('optional')
  })

  test('gives users the days of grace from then on', async () => {
    const { access: token } = await signInAs(world.acme, await newcomer())
    await setRule('everyone', 3)
    expect((await statusOf(token))[0]).toBe(200)
    const { json } = await world.acme.call(`${auth}/factors/`, { token })
    expect(json.required).toBe(true)
    const days = (Date.parse(json.required_from) - Date.now()) / 86_400_000
    expect(days).toBeGreaterThan(2.9)
    expect(days).toBeLessThan(3.1)
    await setRule('everyone', 0)
    expect(await statusOf(token)).toEqual(refused)
    await setRule('optional')
    expect((await statusOf(token))[0]).toBe(200)
  })

  test('does not let the last factor be removed', async () => {
    const person = await addTotp(world.acme, await newcomer())
    await setRule('everyone', 10)
    const path = `${auth}/factors/${person.factor}/`
    const removal = await world.acme.call(path, { method: 'DELETE', token: person.token })
    expect([removal.status, removal.json.code]).toEqual([409, 'factor_required'])
    await addPasskey(world.acme, person, person.token)
    expect((await world.acme.call(path, { method: 'DELETE', token: person.token })).status).toBe(204)
    await setRule('optional')
  })

  test('is one organisation’s alone', async () => {
    const { access } = await signInAs(world.globex, world.globex.staff)
    await setRule('everyone')
    expect((await statusOf(access, `${api}/home/`, world.globex))[0]).toBe(200)
    await setRule('optional')
  })
})

describe('a rule for admins', () => {
  test('limits them, and whoever becomes one', async () => {
    const [second, staff] = [await newcomer('Admin'), await newcomer()]
    const tokens = await Promise.all([second, staff].map(async person => (await signInAs(world.acme, person)).access))
    await setRule('admins')
    expect(await statusOf(tokens[0]!)).toEqual(refused)
    expect((await statusOf(tokens[1]!))[0]).toBe(200)
    const setRole = (role: string) =>
      world.acme.call(`${auth}/users/${staff.id}/`, { method: 'PATCH', token: admin, body: { role } })
    await setRole('Admin')
    expect(await statusOf(tokens[1]!)).toEqual(refused)
    await setRole('Staff')
    expect((await statusOf(tokens[1]!))[0]).toBe(200)
    const { json } = await world.acme.call(`${api}/home/`, { token: admin })
    const active = await world.acme.call(`${api}/users/?second_factor=none&role=Admin&is_active=true`, { token: admin })
    expect(active.json.results.map(({ id }: Person) => id)).toContain(second.id)
    expect(active.json.results.map(({ id }: Person) => id)).not.toContain(world.acme.admin.id)
    expect(json.tasks).toContainEqual({ task: 'without_second_factor', count: active.json.count })
    await setRule('optional')
  })
})

describe('operators', () => {
  test('need a second factor unless it is configured otherwise', async () => {
    const { access } = await signInAs(world.console, world.console.admin)
    expect(await statusOf(access, `${api}/tenants/`, world.console)).toEqual(refused)
    await addPasskey(world.console, world.console.admin, access)
    expect((await statusOf(access, `${api}/tenants/`, world.console))[0]).toBe(200)
  })
})

describe('what needs reauthentication', () => {
  const age = async (person: Person, place: Place = world.acme) => {
    const { realm } = realmOf(world.app, place)
    const { sessions } = realm.tables
    const authenticated_at = new Date(Date.now() - 16 * 60_000)
    await realm.db.update(sessions).set({ authenticated_at }).where(eq(sessions.user_id, person.id))
  }
  const tryIt = (token: string) => world.acme.call(`${auth}/factors/totp/`, { token, body: {} })
  const confirm = (token: string, body: object) => world.acme.call(`${auth}/reauthentication/`, { token, body })

  test('is refused in an older session, until the password is given', async () => {
    const person = await newcomer()
    const { access: token } = await signInAs(world.acme, person)
    await age(person)
    const old = await tryIt(token)
    expect([old.status, old.json]).toEqual([
      403,
      { detail: 'Please confirm that it is you.', code: 'reauthentication_required', methods: ['password'] },
    ])
    const wrong = await confirm(token, { current_password: 'a wrong row of words' })
    expect([wrong.status, wrong.json]).toEqual([400, { current_password: ['Invalid password.'] }])
    expect((await tryIt(token)).status).toBe(403)
    expect((await confirm(token, { current_password: person.password })).status).toBe(204)
    expect((await tryIt(token)).status).toBe(201)
  })

  test('is allowed after a code or a passkey too, for that session alone', async () => {
    const person = await addTotp(world.acme, await newcomer())
    const passkey = await addPasskey(world.acme, person, person.token)
    const challenge = await challengeOf(world.acme, person)
    const other = (await answerWith(world.acme, { challenge, code: codeOf(person.secret) })).json.access
    await age(person)
    expect((await tryIt(other)).json.methods).toEqual(['password', 'passkey', 'totp'])
    expect((await confirm(other, { code: '000000' })).json).toEqual({ code: ['Invalid code.'] })
    expect((await confirm(other, { code: codeOf(person.secret, 1) })).status).toBe(204)
    expect((await tryIt(other)).status).toBe(201)
    expect((await tryIt(person.token)).status).toBe(403)
    const begin = async (token: string) =>
      (await world.acme.call(`${auth}/reauthentication/options/`, { method: 'POST', token })).json
    const options = await begin(person.token)
    const credential = passkey.sign(options, world.acme.origin)
    expect((await confirm(other, { credential })).status).toBe(400)
    expect((await confirm(person.token, { credential })).status).toBe(204)
    expect((await confirm(person.token, { credential })).status).toBe(400)
    expect((await tryIt(person.token)).status).toBe(201)
    const stranger = createPasskey(person.id).sign(await begin(person.token), world.acme.origin)
    expect((await confirm(person.token, { credential: stranger })).json).toEqual({ credential: ['Invalid passkey.'] })
  })

  test("is the organisation's rule for second factors, and nothing else of the organisation", async () => {
    const person = await newcomer('Admin')
    const { access } = await signInAs(world.acme, person)
    await age(person)
    const change = (body: object) => world.acme.call(`${api}/organization/`, { method: 'PATCH', token: access, body })
    const before = (await world.acme.call(`${api}/organization/`, { token: access })).json
    for (const body of [{ second_factor: 'admins' }, { second_factor_grace: before.second_factor_grace + 1 }]) {
      const refusal = await change({ ...body, language: 'ar' })
      expect([refusal.status, refusal.json.code]).toEqual([403, 'reauthentication_required'])
    }
    const { second_factor, second_factor_grace, language } = before
    expect((await change({ second_factor, second_factor_grace, language })).status).toBe(200)
    expect((await world.acme.call(`${api}/organization/`, { token: access })).json).toEqual(before)
    expect((await confirm(access, { current_password: person.password })).status).toBe(204)
    expect((await change({ second_factor_grace: before.second_factor_grace + 1 })).status).toBe(200)
    await setRule('optional')
  })

  test('takes exactly one proof', async () => {
    const { access: token } = await signInAs(world.acme, await newcomer())
    for (const body of [{}, { current_password: 'x', code: '123456' }])
      expect((await confirm(token, body)).json).toEqual({
        non_field_errors: ['Send exactly one of current_password, code and credential.'],
      })
  })
})

describe('a remembered device', () => {
  const withDevice = (person: Person, cookie: string | undefined, place: Place = world.acme) =>
    place.call(`${auth}/session/`, {
      body: { email: person.email, password: person.password },
      sameOrigin: true,
      cookies: cookie ? { tenantry_device: cookie } : {},
    })
  const remember = async (person: Person, code: string) => {
    const challenge = await challengeOf(world.acme, person, 'session')
    const { cookies } = await answerWith(world.acme, { challenge, code, remember_device: true }, 'session')
    return cookies.tenantry_device!.split(';')[0]!
  }

  test('needs no code, and is of one user and organisation', async () => {
    const person = await addTotp(world.acme, await newcomer())
    const device = await remember(person, codeOf(person.secret))
    expect((await withDevice(person, device)).status).toBe(200)
    expect((await withDevice(person, undefined)).json.code).toBe('second_factor_required')
    const other = await addTotp(world.acme, await newcomer())
    expect((await withDevice(other, device)).json.code).toBe('second_factor_required')
    const twin = await addTotp(world.globex, await addPerson(world, world.globex, person.email))
    expect((await withDevice(twin, device, world.globex)).json.code).toBe('second_factor_required')
    // Only a browser has it: a program always gives a code.
    const headers = { cookie: `tenantry_device=${device}` }
    expect((await world.acme.call(`${auth}/jwt/create/`, { body: person, headers })).json.code).toBe(
      'second_factor_required',
    )
  })

  test('is listed and forgotten, one or all, and by a new password', async () => {
    const person = await addTotp(world.acme, await newcomer())
    const { token } = person
    const device = await remember(person, codeOf(person.secret))
    const { json } = await world.acme.call(`${auth}/devices/`, { token })
    expect(json.devices).toHaveLength(1)
    const stranger = (await signInAs(world.acme, await newcomer())).access
    const path = `${auth}/devices/${json.devices[0].id}/`
    expect((await world.acme.call(path, { method: 'DELETE', token: stranger })).status).toBe(404)
    expect((await world.acme.call(path, { method: 'DELETE', token })).status).toBe(204)
    expect((await withDevice(person, device)).json.code).toBe('second_factor_required')
    const second = await remember(person, codeOf(person.secret, 1))
    expect((await withDevice(person, second)).status).toBe(200)
    const new_password = 'another unlikely row of words'
    const body = { current_password: person.password, new_password }
    expect((await world.acme.call(`${auth}/users/set_password/`, { token, body })).status).toBe(204)
    expect((await withDevice({ ...person, password: new_password }, second)).json.code).toBe('second_factor_required')
  })
})
