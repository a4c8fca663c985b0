import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newId } from '#server/database/ids.ts'
import { fromSystem } from '#server/domain/context.ts'
import { inviteLife, issuePasswordLink } from '#server/domain/sessions/one-time-links.ts'
import { changeUser } from '#server/domain/users/change.ts'
import { createUser } from '#server/domain/users/create.ts'
import type { Person } from '../../support/database/templates.ts'
import type { Answer, Call } from '../../support/http.ts'
import type { Place, World } from '../../support/world.ts'
import { addPerson, api, auth, createWorld, realmOf, signInAs, signInWithCookies } from '../../support/world.ts'

const users = `${auth}/users/`
const me = `${auth}/users/me/`
const uuid7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const moment = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/
const userFields = [
  'id',
  'email',
  'first_name',
  'last_name',
  'photo',
  'organization',
  'department',
  'employee_id',
  'role',
  'language',
  'is_active',
  'date_joined',
  'last_login',
  'etag',
]
const notFound = { status: 404, text: '{"detail":"Not found."}' }
const noAccount = { status: 401, text: '{"detail":"No active account found with the given credentials"}' }
const lastAdmin = {
  status: 409,
  text: '{"detail":"The last active Admin cannot be demoted, deactivated or deleted.","code":"last_admin"}',
}
const goodPassword = 'forty green umbrellas'

let world: World
let admin: string
let staff: string
let globexAdmin: string
beforeAll(async () => {
  // Behind a trusted proxy, so that each test has its own address and its own limits.
  world = await createWorld({ ACCESS_TTL: '3600', TRUSTED_PROXIES: '127.0.0.1' })
  admin = (await signInAs(world.acme, world.acme.admin)).access
  staff = (await signInAs(world.acme, world.acme.staff)).access
  globexAdmin = (await signInAs(world.globex, world.globex.admin)).access
})
afterAll(() => world.stop())

describe('a client that was written for djoser', () => {
  test('signs in, reads and changes the user, sets a new password, and deletes the user', async () => {
    const created = await acme(users, {
      token: admin,
      body: { email: ' Carol@Example.COM ', password: goodPassword, re_password: goodPassword, first_name: ' Carol ' },
    })
    expect(created.status).toBe(201)
    expect(Object.keys(created.json)).toEqual(userFields)
    expect(created.json).toMatchObject({
      id: expect.stringMatching(uuid7),
      email: 'carol@example.com',
      first_name: 'Carol',
      last_name: '',
      photo: null,
      organization: world.acme.id,
      department: null,
      employee_id: null,
      role: 'Staff',
      language: null,
      is_active: true,
      date_joined: expect.stringMatching(moment),
      last_login: null,
    })

    const pair = await acme(`${auth}/jwt/create/`, { body: { email: 'CAROL@example.com', password: goodPassword } })
    expect(Object.keys(pair.json)).toEqual(['refresh', 'access'])
    const token = pair.json.access
    const read = await acme(me, { token })
    expect(Object.keys(read.json)).toEqual([...userFields, 'support', 'must_enrol'])
    expect(read.json).toEqual({
      ...created.json,
      last_login: expect.stringMatching(moment),
      support: null,
      must_enrol: false,
    })

    for (const method of ['PUT', 'PATCH']) {
      const changed = await acme(me, { method, token, body: { last_name: `By ${method}` } })
      expect(changed).toMatchObject({
        status: 200,
        json: { ...read.json, last_name: `By ${method}`, etag: changed.json.etag },
      })
    }
    expect((await acme(me, { method: 'PUT', token, body: {} })).json).toMatchObject({
      first_name: 'Carol',
      last_name: 'By PATCH',
    })
    expect((await acme(me, { method: 'PATCH', token, body: { first_name: '' } })).json).toMatchObject({
      first_name: '',
    })

    const newPassword = 'nine velvet trombones'
    const set = await acme(`${users}set_password/`, {
      token,
      body: { current_password: goodPassword, new_password: newPassword, re_new_password: newPassword },
    })
    expect(set).toMatchObject({ status: 204, text: '' })
    expect(
      await acme(`${auth}/jwt/create/`, { body: { email: 'carol@example.com', password: goodPassword } }),
    ).toMatchObject(noAccount)
    expect(
      (await acme(`${auth}/jwt/create/`, { body: { email: 'carol@example.com', password: newPassword } })).status,
    ).toBe(200)

    expect(await acme(me, { method: 'DELETE', token, body: { current_password: 'wrong' } })).toMatchObject({
      status: 400,
      text: '{"current_password":["Invalid password."]}',
    })
    expect(await acme(me, { method: 'DELETE', token, body: { current_password: newPassword } })).toMatchObject({
      status: 204,
      text: '',
    })
    expect(await acme(me, { token })).toMatchObject({ status: 401, json: { code: 'user_not_found' } })
    expect(await acme(`${users}${created.json.id}/`, { token: admin })).toMatchObject(notFound)
  })

  // LIFE-03
  test('that was deleted is not the one who registers again with the same address', async () => {
    const first = await addPerson(world, world.acme, 'returns@example.com')
    const old = await signInAs(world.acme, first)
    await acme(`${users}${first.id}/`, {
      method: 'DELETE',
      token: admin,
      body: { current_password: world.acme.admin.password },
    })
    const second = await addPerson(world, world.acme, 'returns@example.com')
    expect(second.id).not.toBe(first.id)
    expect((await acme(me, { token: old.access })).status).toBe(401)
    expect((await acme(`${auth}/jwt/refresh/`, { body: { refresh: old.refresh } })).status).toBe(401)
    await signInAs(world.acme, second)
  })

  test('sees everyone in the list as an admin, and itself alone as staff', async () => {
    const all = await acme(users, { token: admin })
    expect(all.json.results.map(({ email }: { email: string }) => email)).toEqual(
      expect.arrayContaining(['ann@example.com', 'ben@example.com']),
    )
    for (const user of all.json.results) {
      expect(Object.keys(user)).toEqual(userFields)
      expect(user.organization).toBe(world.acme.id)
    }
    const own = await acme(users, { token: staff })
    expect(own.json).toMatchObject({ count: 1, results: [{ id: world.acme.staff.id }] })
  })

  test("finds none of djoser's endpoints that would change an e-mail address without a confirmation", async () => {
    for (const path of [
      'reset_email/',
      'reset_email_confirm/',
      'set_username/',
      'reset_username/',
      'reset_username_confirm/',
    ]) {
      for (const method of ['GET', 'POST', 'PATCH', 'DELETE']) {
        for (const place of [world.acme, world.globex, world.console]) {
          const answer = await place.call(`${users}${path}`, {
            method,
            token: place === world.acme ? staff : undefined,
          })
          expect([path, method, answer]).toMatchObject([path, method, notFound])
        }
      }
    }
    expect(await acme(`${auth}/token/login/`, { body: {} })).toMatchObject(notFound)
  })
})

describe('registration', () => {
  const closed = { status: 403, text: '{"detail":"Registration is by invitation.","code":"registration_closed"}' }
  // AZ-04
  const greedy = {
    email: 'mallory@example.com',
    password: goodPassword,
    role: 'Admin',
    organization: newId(),
    is_active: true,
    is_staff: true,
    is_superuser: true,
    is_operator: true,
    id: newId(),
    date_joined: '2001-01-01T00:00:00Z',
    email_verified: true,
    groups: [1],
    employee_id: 'E-1',
  }

  test('is closed to everyone but an admin, and says the same for a taken address', async () => {
    const before = (await acme(users, { token: admin })).json.count
    for (const token of [undefined, staff]) {
      for (const body of [greedy, { ...greedy, email: 'ann@example.com' }, {}, '[', { email: 'x' }]) {
        expect(await acme(users, { token, method: 'POST', body })).toMatchObject(closed)
      }
    }
    expect((await acme(users, { token: admin })).json.count).toBe(before)
  })

  test('with an expired token is 401, so that an admin can refresh it', async () => {
    expect(await acme(users, { token: 'x', body: greedy })).toMatchObject({
      status: 401,
      json: { code: 'token_not_valid' },
    })
    expect(await acme(users, { token: globexAdmin, body: greedy })).toMatchObject({
      status: 401,
      json: { code: 'token_not_valid' },
    })
  })

  test('by an admin sets the fields that an admin may set, and no others', async () => {
    const department = await addDepartment(world.acme, 'Registration')
    const answer = await acme(users, {
      token: admin,
      body: {
        ...greedy,
        role: 'Admin',
        department,
        photo: 'http://127.0.0.1:9/',
        last_login: '2001-01-01T00:00:00Z',
        activated_at: null,
        deactivated_at: '2001-01-01T00:00:00Z',
      },
    })
    expect(answer).toMatchObject({
      status: 201,
      json: {
        role: 'Admin',
        department,
        employee_id: 'E-1',
        organization: world.acme.id,
        photo: null,
        last_login: null,
        is_active: true,
      },
    })
    expect(answer.json.id).not.toBe(greedy.id)
    expect(answer.json.date_joined).not.toMatch(/^2001/)
    expect((await acme(users, { token: admin, body: { ...greedy, email: 'other@example.com' } })).json).toEqual({
      employee_id: ['A user with this employee ID already exists.'],
    })
    expect(
      (
        await acme(`${users}${answer.json.id}/`, {
          method: 'PATCH',
          token: admin,
          body: { role: 'Staff', employee_id: '' },
        })
      ).json,
    ).toMatchObject({ role: 'Staff', employee_id: null })
  })

  test('accepts an address once per tenant, in any spelling', async () => {
    const taken = { status: 400, text: '{"email":["A user with this email already exists."]}' }
    for (const email of ['ann@example.com', 'ANN@Example.com', '  ann@example.com\t'])
      expect(await acme(users, { token: admin, body: { email, password: goodPassword } })).toMatchObject(taken)
    // The same address in NFC and NFD.
    expect(
      (await acme(users, { token: admin, body: { email: 'ren\u00E9e@example.com', password: goodPassword } })).status,
    ).toBe(201)
    expect(
      await acme(users, { token: admin, body: { email: 'RENE\u0301E@example.com', password: goodPassword } }),
    ).toMatchObject(taken)
    expect(
      (
        await world.globex.call(users, {
          token: globexAdmin,
          body: { email: 'ren\u00E9e@example.com', password: goodPassword },
        })
      ).status,
    ).toBe(201)
  })

  test('of one address by two concurrent requests creates one user', async () => {
    const answers = await Promise.all(
      Array.from({ length: 4 }, () =>
        acme(users, { token: admin, body: { email: 'twins@example.com', password: goodPassword } }),
      ),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 400, 400, 400])
  })

  test.each([
    '',
    'x',
    '@',
    'a@',
    '@b.test',
    'a@b',
    'a b@c.test',
    'a@b..test',
    'a@-b.test',
    'a@b.test.',
    'a@b@c.test',
    '"a"@b.test',
    'a,b@c.test',
    '<a@b.test>',
    'a@b.test\0',
    'a\n@b.test',
    `${'a'.repeat(250)}@b.test`,
    'a@[127.0.0.1]',
  ])('wants an address that could be one: %j', async email => {
    expect(await acme(users, { token: admin, body: { email, password: goodPassword } })).toMatchObject({
      status: 400,
      json: { email: [expect.any(String)] },
    })
  })
})

describe('what users set themselves', () => {
  const privileges = {
    role: 'Admin',
    email: 'boss@example.com',
    department: newId(),
    employee_id: 'E-0',
    is_active: false,
    organization: newId(),
    id: newId(),
    is_staff: true,
    is_superuser: true,
    is_operator: true,
    date_joined: '2001-01-01T00:00:00Z',
    last_login: null,
    email_verified: true,
    groups: [1],
    password: 'x',
    activated_at: null,
  }

  // AZ-05
  test('on `me` is only the names, for every role', async () => {
    for (const token of [staff, admin]) {
      const before = (await acme(me, { token })).json
      for (const method of ['PUT', 'PATCH']) {
        const answer = await acme(me, { method, token, body: { ...privileges, photo: null, first_name: 'Nobody' } })
        expect([answer.status, Object.keys(answer.json)]).toEqual([400, expect.arrayContaining(['is_active', 'email'])])
        expect((await acme(me, { method, token, body: { ...withoutKnown(privileges), photo: null } })).json).toEqual(
          before,
        )
      }
      expect((await acme(me, { token })).json).toEqual(before)
    }
  })

  test('under their own id, as staff, is only the names', async () => {
    const { support, must_enrol, ...before } = (await acme(me, { token: staff })).json
    expect([support, must_enrol]).toEqual([null, false])
    const path = `${users}${world.acme.staff.id}/`
    for (const method of ['PUT', 'PATCH']) {
      expect((await acme(path, { method, token: staff, body: privileges })).status).toBe(400)
      expect(await acme(path, { method, token: staff, body: withoutKnown(privileges) })).toMatchObject({
        status: 200,
        json: before,
      })
    }
  })

  // AZ-06
  test.each<[string, string]>([
    ['a set of it', '{"role":{"set":"Admin"}}'],
    ['a list of it', '{"role":["Admin"]}'],
    ["a form's spelling", '{"role[]":"Admin","role[set]":"Admin","user[role]":"Admin"}'],
    ['another case', '{"Role":"Admin","ROLE":"Admin"}'],
    ['an escaped name', '{"\\u0072ole":"Admin"}'],
    ['a merge', '{"role":null,"user":{"role":"Admin"}}'],
    ['a prototype', '{"__proto__":{"role":"Admin"},"constructor":{"prototype":{"role":"Admin"}}}'],
    ['a patch', '{"op":"replace","path":"/role","value":"Admin"}'],
  ])('is never their role by %s', async (_how, body) => {
    for (const path of [me, `${users}${world.acme.staff.id}/`]) {
      for (const method of ['PUT', 'PATCH']) {
        const { status, json } = await acme(path, { method, token: staff, body })
        if (status === 400) expect(json).toEqual({ role: ['This field cannot be changed here.'] })
        else expect(status).toBe(200)
        expect((await acme(path, { token: staff })).json).toMatchObject({ id: world.acme.staff.id, role: 'Staff' })
      }
    }
  })

  test('is not a photo by URL', async () => {
    for (const photo of ['http://127.0.0.1:9/', 'file:///etc/passwd', '']) {
      expect(await acme(me, { method: 'PATCH', token: staff, body: { photo } })).toMatchObject({
        status: 400,
        json: { photo: ['The submitted data was not a file. Check the encoding type on the form.'] },
      })
    }
  })

  test('is nothing of another user: staff find nobody else, by any method and with any body', async () => {
    for (const id of [world.acme.admin.id, newId()]) {
      for (const method of ['GET', 'PUT', 'PATCH', 'DELETE']) {
        for (const body of [{}, { current_password: world.acme.staff.password }])
          expect(
            await acme(`${users}${id}/`, { method, token: staff, body: method === 'GET' ? undefined : body }),
          ).toMatchObject(notFound)
      }
    }
  })
})

describe('what admins set of other users', () => {
  test('is names, role, department, number, address and is_active, and never the tenant or the password', async () => {
    const person = await addPerson(world, world.acme, 'dora@example.com')
    const department = await addDepartment(world.acme, 'Sales')
    const answer = await acme(`${users}${person.id}/`, {
      method: 'PATCH',
      token: admin,
      body: {
        first_name: 'Dora',
        last_name: 'Dune',
        role: 'Admin',
        department,
        employee_id: 'D-1',
        organization: newId(),
        password: 'another password',
        id: newId(),
      },
    })
    expect(answer).toMatchObject({
      status: 200,
      json: {
        id: person.id,
        email: 'dora@example.com',
        first_name: 'Dora',
        last_name: 'Dune',
        role: 'Admin',
        department,
        employee_id: 'D-1',
        organization: world.acme.id,
      },
    })
    await signInAs(world.acme, person)
    expect(
      (
        await acme(`${users}${person.id}/`, {
          method: 'PATCH',
          token: admin,
          body: { role: 'Staff', department: null, employee_id: null },
        })
      ).json,
    ).toMatchObject({ role: 'Staff', department: null, employee_id: null })
  })

  // AZ-07
  test('is an existing department of the same tenant', async () => {
    const person = await addPerson(world, world.acme, 'emil@example.com')
    const theirs = await addDepartment(world.globex, 'Theirs')
    const gone = await addDepartment(world.acme, 'Gone')
    expect((await acme(`${api}/departments/${gone}/`, { method: 'DELETE', token: admin })).status).toBe(204)
    for (const department of [theirs, gone, newId(), 'x', '', '0']) {
      const said = { status: 400, json: { department: [`Invalid pk "${department}" - object does not exist.`] } }
      expect(
        await acme(`${users}${person.id}/`, { method: 'PATCH', token: admin, body: { department } }),
      ).toMatchObject(said)
      expect(
        await acme(users, { token: admin, body: { email: 'nobody@example.com', password: goodPassword, department } }),
      ).toMatchObject(said)
    }
    expect((await acme(`${users}?page_size=100`, { token: admin })).text).not.toContain('nobody@example.com')
  })

  // AZ-13
  test('keeps a department: one with people in it is not deleted', async () => {
    const department = await addDepartment(world.acme, 'Held')
    const person = await addPerson(world, world.acme, 'frida@example.com')
    await acme(`${users}${person.id}/`, { method: 'PATCH', token: admin, body: { department } })
    expect(await acme(`${api}/departments/${department}/`, { method: 'DELETE', token: admin })).toMatchObject({
      status: 409,
      json: { code: 'in_use' },
    })
    expect((await acme(`${users}${person.id}/`, { token: admin })).json).toMatchObject({ department })
  })

  test("takes the Admin's own password to delete, not the user's", async () => {
    const person = await addPerson(world, world.acme, 'gus@example.com')
    expect(
      await acme(`${users}${person.id}/`, {
        method: 'DELETE',
        token: admin,
        body: { current_password: person.password },
      }),
    ).toMatchObject({ status: 400, text: '{"current_password":["Invalid password."]}' })
    expect(await acme(`${users}${person.id}/`, { method: 'DELETE', token: admin })).toMatchObject({
      status: 400,
      text: '{"current_password":["This field is required."]}',
    })
    expect((await acme(`${users}${person.id}/`, { token: admin })).status).toBe(200)
    expect(
      await acme(`${users}${person.id}/`, {
        method: 'DELETE',
        token: admin,
        body: { current_password: world.acme.admin.password },
      }),
    ).toMatchObject({ status: 204, text: '' })
    expect(
      await acme(`${users}${person.id}/`, {
        method: 'DELETE',
        token: admin,
        body: { current_password: world.acme.admin.password },
      }),
    ).toMatchObject(notFound)
  })

  test('is possible only while the caller is an admin, checked with every request', async () => {
    const deputy = await addPerson(world, world.acme, 'deputy@example.com', { role: 'Admin' })
    const { access } = await signInAs(world.acme, deputy)
    expect((await acme(users, { token: access })).json.count).toBeGreaterThan(1)
    await acme(`${users}${deputy.id}/`, { method: 'PATCH', token: admin, body: { role: 'Staff' } })
    expect((await acme(users, { token: access })).json.count).toBe(1)
    expect(
      await acme(`${users}${world.acme.staff.id}/`, { method: 'PATCH', token: access, body: { role: 'Admin' } }),
    ).toMatchObject(notFound)
  })
})

describe('an id of another tenant', () => {
  // AZ-01
  test('is answered like an id that does not exist, and nothing changes', async () => {
    const theirs = {
      user: world.globex.staff.id,
      session: (await world.globex.call(`${api}/sessions/`, { token: globexAdmin })).json.results[0].id,
      department: await addDepartment(world.globex, 'Ours'),
    }
    const absent = { user: newId(), session: newId(), department: newId() }
    const before = await everythingOf(world.globex)
    const ask = ({ user, session, department }: typeof theirs, token: string) => [
      ...['GET', 'PUT', 'PATCH', 'DELETE'].map(method =>
        acme(`${users}${user}/`, {
          method,
          token,
          body:
            method === 'GET'
              ? undefined
              : { role: 'Admin', is_active: false, current_password: world.acme.admin.password },
        }),
      ),
      acme(`${api}/users/${user}/`, { token }),
      acme(`${api}/sessions/${session}/`, { method: 'DELETE', token }),
      ...['GET', 'PUT', 'PATCH', 'DELETE'].map(method =>
        acme(`${api}/departments/${department}/`, {
          method,
          token,
          body: method === 'GET' ? undefined : { name: 'Taken' },
        }),
      ),
      acme(`${api}/sessions/?user=${user}`, { token }),
      acme(`${api}/sessions/?user=${user}`, { method: 'DELETE', token }),
    ]
    for (const token of [admin, staff]) {
      const [crossing, missing] = await Promise.all([Promise.all(ask(theirs, token)), Promise.all(ask(absent, token))])
      expect(crossing.map(plain)).toEqual(missing.map(plain))
      for (const { status } of crossing.slice(0, 6)) expect(status).toBe(404)
    }
    expect(await everythingOf(world.globex)).toEqual(before)
    expect((await world.globex.call(me, { token: globexAdmin })).status).toBe(200)

    function plain({ status, text }: Answer) {
      return { status, text }
    }
    async function everythingOf(place: Place) {
      const lists = await Promise.all(
        [users, `${api}/departments/`, `${api}/sessions/`].map(path =>
          place.call(`${path}?page_size=100`, { token: globexAdmin }),
        ),
      )
      return lists.map(({ json }) => json)
    }
  })
})

describe('the last active admin of a tenant', () => {
  test('is not demoted, deactivated or deleted, not even by themselves by any route', async () => {
    const { place, token, person } = await freshTenantWithOneAdmin()
    const byId = `${users}${person.id}/`
    for (const method of ['PUT', 'PATCH']) {
      for (const body of [{ role: 'Staff' }, { is_active: false }, { role: 'Staff', is_active: false }])
        expect(await place.call(byId, { method, token, body })).toMatchObject(lastAdmin)
    }
    for (const path of [byId, me])
      expect(
        await place.call(path, { method: 'DELETE', token, body: { current_password: person.password } }),
      ).toMatchObject(lastAdmin)
    expect((await place.call(me, { token })).json).toMatchObject({ role: 'Admin', is_active: true })
    expect(
      (
        await place.call(byId, {
          method: 'PATCH',
          token,
          body: { role: 'Admin', is_active: true, first_name: 'Still' },
        })
      ).json,
    ).toMatchObject({ first_name: 'Still' })
  })

  // AZ-09
  test('is the only active one: inactive admins do not count', async () => {
    const { place, token, person } = await freshTenantWithOneAdmin()
    const deputy = await addPerson(world, place, 'deputy@example.com', { role: 'Admin' })
    const change = (id: string, body: object, by = token) =>
      place.call(`${users}${id}/`, { method: 'PATCH', token: by, body })
    expect((await change(deputy.id, { is_active: false })).status).toBe(200)
    expect(await change(person.id, { role: 'Staff' })).toMatchObject(lastAdmin)
    expect((await change(deputy.id, { is_active: true })).status).toBe(200)
    expect((await change(person.id, { role: 'Staff' })).status).toBe(200)
    const { access } = await signInAs(place, deputy)
    expect(await change(deputy.id, { is_active: false }, access)).toMatchObject(lastAdmin)
    expect((await change(person.id, { role: 'Admin' })).status).toBe(400)
    expect((await place.call(`${users}${person.id}/`, { token })).json).toMatchObject({ role: 'Staff' })
    expect(await change(deputy.id, { role: 'Staff' })).toMatchObject(notFound)
  })

  // AZ-10
  test('still exists after every race of two admins to remove each other', async () => {
    const { place, person: ann } = await freshTenantWithOneAdmin()
    const bea = await addPerson(world, place, 'bea@example.com', { role: 'Admin' })
    const authRealm = realmOf(world.app, place)
    const { realm } = authRealm
    let tokens = await signInBoth()
    for (let trial = 0; trial < 30; trial++) {
      const body = trial % 3 === 2 ? { is_active: false } : { role: 'Staff' }
      const answers = await Promise.all(
        [
          [ann, tokens.bea],
          [bea, tokens.ann],
        ].map(([whom, by]) =>
          place.call(`${users}${(whom as Person).id}/`, { method: 'PATCH', token: by as string, body }),
        ),
      )
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
      for (const { status } of answers) expect([200, 401, 403, 404, 409]).toContain(status)
      const admins = (
        await realm.db
          .select({ id: realm.tables.users.id, role: realm.tables.users.role, is_active: realm.tables.users.is_active })
          .from(realm.tables.users)
      ).filter(({ role, is_active }) => role === 'Admin' && is_active)
      expect(admins).toHaveLength(1)
      for (const { id } of [ann, bea])
        await changeUser(world.app, authRealm, id, { role: 'Admin', is_active: true }, fromSystem)
      if ('is_active' in body) tokens = await signInBoth()
    }

    async function signInBoth() {
      const [a, b] = [await signInAs(place, ann), await signInAs(place, bea)]
      return { ann: a.access, bea: b.access }
    }
  })

  test('still exists after both have tried to leave at once', async () => {
    const { place, token, person } = await freshTenantWithOneAdmin()
    const other = await addPerson(world, place, 'cleo@example.com', { role: 'Admin' })
    const { access } = await signInAs(place, other)
    const answers = await Promise.all([
      place.call(me, { method: 'DELETE', token, body: { current_password: person.password } }),
      place.call(me, { method: 'DELETE', token: access, body: { current_password: other.password } }),
    ])
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 409])
  })
})

describe('the directory', () => {
  const forStaff = ['id', 'email', 'first_name', 'last_name', 'photo', 'department', 'role']
  const forAdmin = [...forStaff, 'employee_id', 'is_active', 'date_joined', 'last_login']
  let hidden: Person
  let shown: Person
  beforeAll(async () => {
    hidden = await addPerson(world, world.acme, 'hidden@example.com', { is_active: false })
    shown = await addPerson(world, world.acme, 'shown@example.com')
    await acme(`${users}${shown.id}/`, {
      method: 'PATCH',
      token: admin,
      body: { employee_id: 'SECRET-7', department: await addDepartment(world.acme, 'Shown') },
    })
  })

  // AZ-15, AZ-17
  test('shows staff the seven fields that it names, of active people, and an admin all and everyone', async () => {
    for (const [token, fields] of [
      [staff, forStaff],
      [admin, forAdmin],
    ] as const) {
      const list = await acme(`${api}/users/?page_size=100`, { token })
      const one = await acme(`${api}/users/${shown.id}/`, { token })
      for (const person of [...list.json.results, one.json]) {
        const hasEtag = token === admin && person === one.json
        expect(Object.keys(person)).toEqual(hasEtag ? [...fields, 'etag', 'delivery'] : fields)
        if (person.department) expect(Object.keys(person.department)).toEqual(['id', 'name'])
      }
      expect(list.text.includes(hidden.id)).toBe(token === admin)
    }
    expect(await acme(`${api}/users/${hidden.id}/`, { token: staff })).toMatchObject(notFound)
    expect((await acme(`${api}/users/${hidden.id}/`, { token: admin })).json).toMatchObject({ is_active: false })
  })

  test('reveals nothing to staff by its search and filters that it does not show them', async () => {
    const count = async (query: string, token: string) => (await acme(`${api}/users/?${query}`, { token })).json.count
    expect(await count('search=SECRET-7', admin)).toBe(1)
    expect(await count('search=SECRET-7', staff)).toBe(0)
    expect(await count('search=hidden@', admin)).toBe(1)
    expect(await count('search=hidden@', staff)).toBe(0)
    expect(await count('is_active=false', admin)).toBe(1)
    expect((await acme(`${api}/users/?is_active=false&page_size=100`, { token: staff })).text).not.toContain(hidden.id)
    expect((await acme(`${api}/users/?is_active=false&page_size=100`, { token: staff })).text).toBe(
      (await acme(`${api}/users/?is_active=true&page_size=100`, { token: staff })).text.replaceAll(
        'is_active=true',
        'is_active=false',
      ),
    )
  })

  test('and every other answer contain no password, hash, token or schema', async () => {
    const paths = [
      me,
      users,
      `${users}${world.acme.staff.id}/`,
      `${api}/users/?page_size=100`,
      `${api}/users/${shown.id}/`,
      `${api}/departments/`,
      `${api}/sessions/`,
      `${api}/organization/`,
      `${api}/audit/`,
    ]
    for (const token of [staff, admin]) {
      for (const path of paths) {
        const { text } = await acme(path, { token })
        expect([
          path,
          /"password"|\$2[aby]\$|eyJ[\w-]+\.|t_acme_|"schema"|token_hash|private_key|postgres/.exec(text)?.[0],
        ]).toEqual([path, undefined])
        expect(text).not.toContain(world.globex.id)
      }
    }
  })
})

describe('a password', () => {
  const tooShort = 'This password is too short. It must contain at least 12 characters.'
  const tooCommon = 'This password is too common.'
  const numeric = 'This password is entirely numeric.'
  const similarTo = (what: string) => `The password is too similar to the ${what}.`
  const person = { email: 'harriet.quill@example.com', first_name: 'Harriet', last_name: 'Quillington' }

  test.each<[string, string[]]>([
    ['short words', [tooShort]],
    ['82736455190', [tooShort, numeric]],
    ['7', [tooShort, numeric]],
    ['password', [tooShort, tooCommon]],
    ['PASSWORD', [tooShort, tooCommon]],
    ['12345678', [tooShort, tooCommon, numeric]],
    ['918273645546372819', [numeric]],
    ['harriet.quill@example.com', [similarTo('email')]],
    ['Harriet.Quill@Example.Com!', [similarTo('email')]],
    ['quillington1', [similarTo('last name')]],
    ['AcmeLtd', [similarTo('organization'), tooShort]],
    ['x'.repeat(257), ['This password is too long. It must contain at most 256 characters.']],
  ])("has all of its errors at once, in Django's texts, LIFE-06: %s", async (password, faults) => {
    expect(await acme(users, { token: admin, body: { ...person, password } })).toMatchObject({
      status: 400,
      text: JSON.stringify({ password: faults }),
    })
  })

  test('may have any characters, up to 256, and is stored exactly', async () => {
    const passwords = [
      '🦆'.repeat(64),
      'é'.repeat(12),
      '  both ends blank  ',
      'quite "quoted" \\ & <odd>',
      `${'ab cd ef'.repeat(32)}`,
      '密码很长很安全的一句话啊',
      'x'.repeat(71) + 'yz',
      `${'x'.repeat(72)}yz`,
    ]
    for (const [i, password] of passwords.entries()) {
      const email = `keeper${i}@example.com`
      expect(await acme(users, { token: admin, body: { email, password } })).toMatchObject({ status: 201 })
      expect((await signInFrom(email, password)).status).toBe(200)
      for (const other of [
        password.trim(),
        `${password} `,
        [...password].slice(0, -1).join(''),
        password.slice(0, 72),
      ].filter(other => other !== password)) {
        expect([password, (await signInFrom(email, other)).status]).toEqual([password, 401])
      }
    }
  })

  // INJ-07: bcrypt reads 72 bytes.
  test('is compared up to its last character, however long', async () => {
    const long = 'k7'.repeat(60)
    await acme(users, { token: admin, body: { email: 'long@example.com', password: `${long}X` } })
    expect((await signInFrom('long@example.com', `${long}Y`)).status).toBe(401)
    expect((await signInFrom('long@example.com', `${long}X`)).status).toBe(200)
  })

  // INJ-08
  test('is the same on a keyboard that sends decomposed accents', async () => {
    await acme(users, {
      token: admin,
      body: { email: 'accents@example.com', password: 'crème brûlée à la carte'.normalize('NFC') },
    })
    expect((await signInFrom('accents@example.com', 'crème brûlée à la carte'.normalize('NFD'))).status).toBe(200)
  })

  test('is checked against its repetition if that is sent', async () => {
    const mismatch = { status: 400, text: '{"non_field_errors":["The two password fields didn\'t match."]}' }
    expect(
      await acme(users, { token: admin, body: { ...person, password: goodPassword, re_password: `${goodPassword}!` } }),
    ).toMatchObject(mismatch)
    expect(
      await acme(`${users}set_password/`, {
        token: staff,
        body: { current_password: world.acme.staff.password, new_password: goodPassword, re_new_password: 'x' },
      }),
    ).toMatchObject(mismatch)
  })

  // LIFE-04, LIFE-05
  test('is changed by a user who knows it, which ends every other session', async () => {
    const owner = await addPerson(world, world.acme, 'ivy@example.com')
    const [here, elsewhere] = [await signInAs(world.acme, owner), await signInAs(world.acme, owner)]
    const browser = await signInWithCookies(world.acme, owner)
    const set = (body: object) => acme(`${users}set_password/`, { token: here.access, body })
    expect(await set({ current_password: 'wrong', new_password: goodPassword })).toMatchObject({
      status: 400,
      text: '{"current_password":["Invalid password."]}',
    })
    expect(await set({ new_password: goodPassword })).toMatchObject({
      status: 400,
      text: '{"current_password":["This field is required."]}',
    })
    expect(await set({ current_password: owner.password, new_password: 'ivy' })).toMatchObject({
      status: 400,
      json: { new_password: expect.arrayContaining([tooShort]) },
    })
    expect((await acme(me, { token: elsewhere.access })).status).toBe(200)

    expect(await set({ current_password: owner.password, new_password: goodPassword })).toMatchObject({ status: 204 })
    expect((await acme(me, { token: here.access })).status).toBe(200)
    expect((await acme(`${auth}/jwt/refresh/`, { body: { refresh: here.refresh } })).status).toBe(200)
    const ended = { status: 401, json: { detail: 'Session has ended.', code: 'session_revoked' } }
    expect(await acme(me, { token: elsewhere.access })).toMatchObject(ended)
    expect(await acme(me, { cookies: browser })).toMatchObject(ended)
    expect(await acme(`${auth}/jwt/refresh/`, { body: { refresh: elsewhere.refresh } })).toMatchObject(ended)
  })
})

describe('a link by which a password is set', () => {
  const invalidToken = { status: 400, text: '{"token":["Invalid token for given user."]}' }
  const invalidUid = { status: 400, text: '{"uid":["Invalid user id or user doesn\'t exist."]}' }

  test("is on the tenant's own origin, long, and different each time", async () => {
    const person = await addPerson(world, world.acme, 'link@example.com')
    const links = await Promise.all([1, 2, 3].map(() => linkFor(world.acme, person)))
    for (const { link, token } of links) {
      expect(link).toMatch(`${world.acme.origin}/auth/password/reset/`)
      expect(Buffer.from(token, 'base64url')).toHaveLength(32)
    }
    expect(new Set(links.map(({ token }) => token)).size).toBe(3)
  })

  // RST-11
  test('sets it, ends every session, and signs nobody in', async () => {
    const person = await addPerson(world, world.acme, 'jack@example.com')
    const old = await signInAs(world.acme, person)
    const { uid, token } = await linkFor(world.acme, person)
    const answer = await confirm({ uid, token, new_password: goodPassword, re_new_password: goodPassword })
    expect(answer).toMatchObject({ status: 204, text: '', cookies: {} })
    expect(await acme(me, { token: old.access })).toMatchObject({ status: 401, json: { code: 'session_revoked' } })
    expect(await acme(`${auth}/jwt/refresh/`, { body: { refresh: old.refresh } })).toMatchObject({
      status: 401,
      json: { code: 'session_revoked' },
    })
    expect(await signInFrom(person.email, person.password)).toMatchObject(noAccount)
    expect((await signInFrom(person.email, goodPassword)).status).toBe(200)
  })

  test('sets a valid password, and is still valid after an invalid one', async () => {
    const person = await addPerson(world, world.acme, 'kate@example.com')
    const { uid, token } = await linkFor(world.acme, person)
    expect(await confirm({ uid, token, new_password: 'kate@example.com' })).toMatchObject({
      status: 400,
      json: { new_password: ['The password is too similar to the email.'] },
    })
    expect(await confirm({ uid, token, new_password: '1234' })).toMatchObject({
      status: 400,
      json: { new_password: expect.arrayContaining(['This password is entirely numeric.']) },
    })
    expect(await confirm({ uid, token, new_password: goodPassword, re_new_password: 'other' })).toMatchObject({
      status: 400,
      json: { non_field_errors: [expect.any(String)] },
    })
    expect((await confirm({ uid, token, new_password: goodPassword })).status).toBe(204)
  })

  // RST-01, RST-02
  test('is valid once, until it expires, and until a newer change', async () => {
    const person = await addPerson(world, world.acme, 'liam@example.com')
    const used = await linkFor(world.acme, person)
    expect((await confirm({ ...used, new_password: goodPassword })).status).toBe(204)
    expect(await confirm({ ...used, new_password: goodPassword })).toMatchObject(invalidToken)

    const expired = await linkFor(world.acme, person, -1)
    expect(await confirm({ ...expired, new_password: goodPassword })).toMatchObject(invalidToken)

    const older = await linkFor(world.acme, person)
    const newer = await linkFor(world.acme, person)
    expect(await confirm({ ...older, new_password: goodPassword })).toMatchObject(invalidToken)

    const { access } = await signInAs(world.acme, { ...person, password: goodPassword })
    await acme(`${users}set_password/`, {
      token: access,
      body: { current_password: goodPassword, new_password: 'six amber lighthouses' },
    })
    expect(await confirm({ ...newer, new_password: goodPassword })).toMatchObject(invalidToken)
    expect((await signInFrom(person.email, 'six amber lighthouses')).status).toBe(200)
  })

  // RST-07
  test('is for one user at one tenant', async () => {
    const [mia, noah] = [
      await addPerson(world, world.acme, 'mia@example.com'),
      await addPerson(world, world.acme, 'noah@example.com'),
    ]
    const [miaLink, noahLink] = [await linkFor(world.acme, mia), await linkFor(world.acme, noah)]
    expect(await confirm({ uid: noahLink.uid, token: miaLink.token, new_password: goodPassword })).toMatchObject(
      invalidToken,
    )
    expect(
      await world.globex.call(`${users}reset_password_confirm/`, { body: { ...miaLink, new_password: goodPassword } }),
    ).toMatchObject(invalidUid)
    expect(
      await world.console.call(`${users}reset_password_confirm/`, { body: { ...miaLink, new_password: goodPassword } }),
    ).toMatchObject(invalidUid)
    for (const person of [mia, noah]) await signInAs(world.acme, person)
    expect((await confirm({ ...miaLink, new_password: goodPassword })).status).toBe(204)
  })

  // RST-08, RST-09
  test.each<[string, unknown, unknown]>([
    ['no token', undefined, undefined],
    ['an empty token', undefined, ''],
    ['null', undefined, null],
    ['a list', undefined, []],
    ['an object', undefined, {}],
    ['zero', undefined, 0],
    ['another token', undefined, 'A'.repeat(43)],
    ["a uid that is nobody's", Buffer.from('0190a0a0-0000-7000-8000-000000000000').toString('base64url'), undefined],
    ['a uid that is no base64', '%%%', undefined],
    ['a bare id', '0190a0a0-0000-7000-8000-000000000000', undefined],
    ['an empty uid', '', undefined],
    ['a uid that is a list', [], undefined],
    ['a uid of a quote', Buffer.from("' or 1=1--").toString('base64url'), undefined],
    ['a uid with a NUL', 'a\0', undefined],
  ])('is refused and changes nothing: %s', async (what, uid, token) => {
    const person = await addPerson(world, world.acme, `rst-${what.replaceAll(/[^a-z]/g, '')}@example.com`)
    const link = await linkFor(world.acme, person)
    const body = uid === undefined ? { uid: link.uid, token } : { uid, token: link.token }
    expect((await confirm({ ...body, new_password: goodPassword })).status).toBe(400)
    await signInAs(world.acme, person)
    expect((await confirm({ ...link, new_password: goodPassword })).status).toBe(204)
  })

  // RST-10
  test('used by two at once sets one password', async () => {
    const person = await addPerson(world, world.acme, 'olga@example.com')
    for (let trial = 0; trial < 5; trial++) {
      const link = await linkFor(world.acme, person)
      const passwords = ['first of two attempts', 'second of two attempts', 'third of two attempts'].map(
        text => `${text} ${trial}`,
      )
      const answers = await Promise.all(passwords.map(new_password => confirm({ ...link, new_password })))
      expect(answers.map(({ status }) => status).sort()).toEqual([204, 400, 400])
      const signIns = await Promise.all(passwords.map(password => signInFrom(person.email, password)))
      expect(signIns.map(({ status }) => status)).toEqual(answers.map(({ status }) => (status === 204 ? 200 : 401)))
    }
  })

  // RST-12
  test('is not used up by opening its page', async () => {
    const person = await addPerson(world, world.acme, 'pia@example.com')
    const { link, ...body } = await linkFor(world.acme, person)
    for (const method of ['GET', 'HEAD', 'OPTIONS'])
      await acme(new URL(link).pathname, { method, accept: 'text/html', headers: { purpose: 'prefetch' } })
    await acme(
      `${users}reset_password_confirm/?uid=${body.uid}&token=${body.token}&new_password=${encodeURIComponent(goodPassword)}`,
    )
    expect((await confirm({ ...body, new_password: goodPassword })).status).toBe(204)
  })

  test('works for a user who never had a password, and does not undo a deactivation', async () => {
    const realm = realmOf(world.app, world.acme)
    const invited = await createUser(world.app, realm, { email: 'invited@example.com', password: null }, fromSystem)
    expect(await signInFrom('invited@example.com', goodPassword)).toMatchObject(noAccount)
    expect(
      (await confirm({ ...(await linkFor(world.acme, invited, inviteLife)), new_password: goodPassword })).status,
    ).toBe(204)
    expect((await signInFrom('invited@example.com', goodPassword)).status).toBe(200)

    const left = await addPerson(world, world.acme, 'left@example.com', { is_active: false })
    expect((await confirm({ ...(await linkFor(world.acme, left)), new_password: goodPassword })).status).toBe(204)
    expect(await signInFrom('left@example.com', goodPassword)).toMatchObject(noAccount)
    expect((await acme(`${users}${left.id}/`, { token: admin })).json).toMatchObject({ is_active: false })
  })

  // BRU-08
  test('can be guessed twenty times from one address, and is then refused', async () => {
    const person = await addPerson(world, world.acme, 'quin@example.com')
    const link = await linkFor(world.acme, person)
    const from = ownAddress()
    const guess = (i: number) =>
      acme(`${users}reset_password_confirm/`, {
        body: { uid: link.uid, token: `${i}`.padStart(43, 'A'), new_password: goodPassword },
        headers: from,
      })
    for (let i = 0; i < 20; i++) expect(await guess(i)).toMatchObject(invalidToken)
    const refused = [
      await guess(20),
      await acme(`${users}reset_password_confirm/`, { body: { ...link, new_password: goodPassword }, headers: from }),
    ]
    for (const answer of refused) {
      expect(answer).toMatchObject({
        status: 429,
        json: { detail: expect.stringMatching(/^Request was throttled\. Expected available in \d+ seconds?\.$/) },
      })
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0)
    }
    expect(
      await world.globex.call(`${users}reset_password_confirm/`, {
        body: { ...link, new_password: goodPassword },
        headers: from,
      }),
    ).toMatchObject(invalidUid)
    expect((await confirm({ ...link, new_password: goodPassword })).status).toBe(204)
  })
})

describe('sessions', () => {
  test('are listed to their owner, newest first, with the current one marked', async () => {
    const person = await addPerson(world, world.acme, 'rosa@example.com')
    await acme(`${auth}/jwt/create/`, { body: person, headers: { 'user-agent': 'First/1.0' } })
    const { access } = await signInAs(world.acme, person)
    const list = await acme(`${api}/sessions/`, { token: access })
    expect(list.json.count).toBe(2)
    for (const session of list.json.results)
      expect(Object.keys(session)).toEqual([
        'id',
        'created',
        'rotated_at',
        'expires_at',
        'ip',
        'user_agent',
        'support',
        'current',
      ])
    expect(
      list.json.results.map(({ current, user_agent }: { current: boolean; user_agent: string }) => ({
        current,
        user_agent,
      })),
    ).toEqual([
      { current: true, user_agent: null },
      { current: false, user_agent: 'First/1.0' },
    ])
  })

  // LIFE-07
  test('are ended one by one, or all others at once, from the next request on', async () => {
    const person = await addPerson(world, world.acme, 'sven@example.com')
    const [one, two, three] = [
      await signInAs(world.acme, person),
      await signInAs(world.acme, person),
      await signInAs(world.acme, person),
    ]
    const idOf = async (token: string) =>
      (await acme(`${api}/sessions/`, { token })).json.results.find(({ current }: { current: boolean }) => current).id
    const revoked = { status: 401, json: { code: 'session_revoked' } }

    const second = await idOf(two.access)
    expect(await acme(`${api}/sessions/${second}/`, { method: 'DELETE', token: one.access })).toMatchObject({
      status: 204,
      text: '',
    })
    expect(await acme(me, { token: two.access })).toMatchObject(revoked)
    expect(await acme(`${auth}/jwt/refresh/`, { body: { refresh: two.refresh } })).toMatchObject(revoked)
    expect(await acme(`${api}/sessions/${second}/`, { method: 'DELETE', token: one.access })).toMatchObject(notFound)
    expect((await acme(me, { token: three.access })).status).toBe(200)

    expect(await acme(`${api}/sessions/`, { method: 'DELETE', token: one.access })).toMatchObject({
      status: 204,
      text: '',
    })
    expect(await acme(me, { token: three.access })).toMatchObject(revoked)
    expect((await acme(`${api}/sessions/`, { token: one.access })).json).toMatchObject({
      count: 1,
      results: [{ current: true }],
    })
    expect((await acme(me, { token: staff })).status).toBe(200)

    expect(
      (await acme(`${api}/sessions/${await idOf(one.access)}/`, { method: 'DELETE', token: one.access })).status,
    ).toBe(204)
    expect(await acme(me, { token: one.access })).toMatchObject(revoked)
  })

  test('of another user can be seen and ended by an admin only', async () => {
    const person = await addPerson(world, world.acme, 'tess@example.com')
    const [one, two] = [await signInAs(world.acme, person), await signInAs(world.acme, person)]
    const ofHers = `${api}/sessions/?user=${person.id}`
    for (const method of ['GET', 'DELETE'])
      expect(await acme(ofHers, { method, token: staff })).toMatchObject({
        status: 403,
        text: '{"detail":"You do not have permission to perform this action."}',
      })
    const seen = (await acme(ofHers, { token: admin })).json
    expect(seen).toMatchObject({ count: 2, results: [{ current: false }, { current: false }] })
    expect((await acme(ofHers, { token: one.access })).json.count).toBe(2)

    expect(await acme(`${api}/sessions/${seen.results[0].id}/`, { method: 'DELETE', token: staff })).toMatchObject(
      notFound,
    )
    expect(
      await world.globex.call(`${api}/sessions/${seen.results[0].id}/`, { method: 'DELETE', token: globexAdmin }),
    ).toMatchObject(notFound)
    expect((await acme(`${api}/sessions/${seen.results[0].id}/`, { method: 'DELETE', token: admin })).status).toBe(204)
    expect(
      (await Promise.all([one, two].map(({ access }) => acme(me, { token: access }))))
        .map(({ status }) => status)
        .sort(),
    ).toEqual([200, 401])
    expect((await acme(ofHers, { method: 'DELETE', token: admin })).status).toBe(204)
    for (const { access } of [one, two])
      expect(await acme(me, { token: access })).toMatchObject({ status: 401, json: { code: 'session_revoked' } })
    expect((await acme(me, { token: admin })).status).toBe(200)
    expect(await acme(`${api}/sessions/?user=x`, { token: admin })).toMatchObject({
      status: 400,
      json: { user: [expect.any(String)] },
    })
  })
})

describe('someone who is deactivated', () => {
  // LIFE-02
  test('is signed out everywhere from the next request on, and comes back without the old sessions', async () => {
    const person = await addPerson(world, world.acme, 'ursa@example.com')
    const pair = await signInAs(world.acme, person)
    const cookies = await signInWithCookies(world.acme, person)
    const setActive = (is_active: boolean) =>
      acme(`${users}${person.id}/`, { method: 'PATCH', token: admin, body: { is_active } })
    expect((await setActive(false)).json).toMatchObject({ is_active: false })

    expect(await acme(me, { token: pair.access })).toMatchObject({ status: 401, json: { code: 'user_inactive' } })
    expect(await acme(me, { cookies })).toMatchObject({ status: 401, json: { code: 'user_inactive' } })
    expect(await acme(`${auth}/jwt/refresh/`, { body: { refresh: pair.refresh } })).toMatchObject({
      status: 401,
      json: { detail: 'No active account found for the given token.' },
    })
    expect((await acme(`${auth}/session/refresh/`, { method: 'POST', cookies, sameOrigin: true })).status).toBe(401)
    expect((await acme(`${auth}/jwt/verify/`, { body: { token: pair.access } })).status).toBe(401)
    expect(await signInFrom(person.email, person.password)).toMatchObject(noAccount)
    const page = await acme('/people', { cookies, accept: 'text/html' })
    expect(page.status).toBe(302)
    expect(page.headers.location).toBe('/login?redirect=/people')

    expect((await setActive(true)).json).toMatchObject({ is_active: true })
    for (const answer of [
      await acme(me, { token: pair.access }),
      await acme(`${auth}/jwt/refresh/`, { body: { refresh: pair.refresh } }),
    ])
      expect(answer).toMatchObject({ status: 401, json: { code: 'session_revoked' } })
    expect((await signInFrom(person.email, person.password)).status).toBe(200)
  })
})

describe('the operators', () => {
  test('follow the same rules, in their own realm', async () => {
    const { access } = await signInAs(world.console, world.console.admin)
    expect((await world.console.call(me, { token: access })).json).toMatchObject({
      organization: 'platform',
      role: 'Admin',
    })
    expect((await world.console.call(users, { token: access })).json).toMatchObject({
      count: 1,
      results: [{ id: world.console.admin.id }],
    })
    expect(
      await world.console.call(`${users}${world.console.admin.id}/`, {
        method: 'PATCH',
        token: access,
        body: { role: 'Staff' },
      }),
    ).toMatchObject(lastAdmin)
    for (const id of [world.acme.admin.id, newId()])
      expect(await world.console.call(`${users}${id}/`, { token: access })).toMatchObject(notFound)
    expect(await world.console.call(users, { body: { email: 'x@example.com', password: goodPassword } })).toMatchObject(
      { status: 403 },
    )
  })
})

function acme(path: string, options?: Call): Promise<Answer> {
  return world.acme.call(path, options)
}

let addresses = 0
/** An address that no other test of this file uses. */
function ownAddress() {
  return { 'x-forwarded-for': `198.18.${Math.floor(++addresses / 250)}.${addresses % 250}` }
}

function signInFrom(email: string, password: string): Promise<Answer> {
  return acme(`${auth}/jwt/create/`, { body: { email, password }, headers: ownAddress() })
}

function confirm(body: object): Promise<Answer> {
  return acme(`${users}reset_password_confirm/`, { body, headers: ownAddress() })
}

async function linkFor(place: Place, { id }: { id: string }, life = 60) {
  const authRealm = realmOf(world.app, place)
  const link = await issuePasswordLink(authRealm.realm.db, authRealm, id, life)
  const [uid = '', token = ''] = new URL(link).pathname.split('/').slice(-2)
  return { link, uid, token }
}

async function addDepartment(place: Place, name: string): Promise<string> {
  const answer = await place.call(`${api}/departments/`, {
    token: place === world.acme ? admin : globexAdmin,
    body: { name },
  })
  expect(answer.status).toBe(201)
  return answer.json.id
}

/** Globex with a new Admin as the only one: former Admins are Staff. */
async function freshTenantWithOneAdmin(): Promise<{ place: Place; token: string; person: Person }> {
  const place = world.globex
  const person = await addPerson(world, place, `chief${newId()}@example.com`, { role: 'Admin' })
  const authRealm = realmOf(world.app, place)
  const { db, tables } = authRealm.realm
  for (const { id, role } of await db.select({ id: tables.users.id, role: tables.users.role }).from(tables.users)) {
    if (role === 'Admin' && id !== person.id) await changeUser(world.app, authRealm, id, { role: 'Staff' }, fromSystem)
  }
  return { place, token: (await signInAs(place, person)).access, person }
}

/** A body without the fields that exist and that users cannot change, which are refused. */
function withoutKnown({ email, role, department, employee_id, is_active, ...others }: Record<string, unknown>): object {
  return others
}
