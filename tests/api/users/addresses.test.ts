import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mailsTo } from '../../support/data/mails.ts'
import type { Person } from '../../support/database/templates.ts'
import type { World } from '../../support/world.ts'
import { addPerson, api, auth, createWorld, signInAs } from '../../support/world.ts'

let world: World
let admin: string
let count = 0
beforeAll(async () => {
  world = await createWorld()
  admin = (await signInAs(world.acme, world.acme.admin)).access
})
afterAll(() => world.stop())

const newPerson = () => addPerson(world, world.acme, `person${++count}@example.com`)
const change = (id: string, body: object, token = admin) =>
  world.acme.call(`${auth}/users/${id}/`, { method: 'PATCH', token, body })
const subjectsOf = async (email: string) => (await mailsTo(world, world.acme, email)).map(({ subject }) => subject)

describe('an address that an Admin changes', () => {
  test('is the one to sign in with; sessions and links of the old one end, and both are told', async () => {
    const person = await newPerson()
    const { access, refresh } = await signInAs(world.acme, person)
    await world.acme.call(`${auth}/users/reset_password/`, { body: { email: person.email } })
    const [reset] = await mailsTo(world, world.acme, person.email)
    const email = `moved${count}@example.com`
    expect(await change(person.id, { email: email.toUpperCase() })).toMatchObject({ status: 200, json: { email } })

    expect((await world.acme.call(`${auth}/users/me/`, { token: access })).json.code).toBe('session_revoked')
    expect((await world.acme.call(`${auth}/jwt/refresh/`, { body: { refresh } })).status).toBe(401)
    expect((await signIn({ ...person })).status).toBe(401)
    expect((await signIn({ ...person, email })).status).toBe(200)
    const [, uid, token] = /reset\/([^/\s]+)\/([^/\s]+)/.exec(reset!.text)!
    const used = { uid, token, new_password: 'a new and unlikely row' }
    expect((await world.acme.call(`${auth}/users/reset_password_confirm/`, { body: used })).status).toBe(400)

    expect(await subjectsOf(person.email)).toContain('Your email address at Acme Ltd was changed')
    expect((await subjectsOf(email))[0]).toContain('The email address of your account at “Acme Ltd”')
    const { json } = await world.acme.call(`${api}/audit/?subject=${person.id}`, { token: admin })
    expect(json.results).toContainEqual(
      expect.objectContaining({
        action: 'user.email_changed',
        actor: world.acme.admin.id,
        details: { email: { from: person.email, to: email } },
      }),
    )
    // The same address at another organisation is another person's.
    expect((await world.globex.call(`${auth}/jwt/create/`, { body: { ...person, email } })).status).toBe(401)
  })

  test('brings the link to choose a password to who has none yet', async () => {
    const email = `invited${++count}@example.com`
    const created = await world.acme.call(`${auth}/users/`, { token: admin, body: { email } })
    await change(created.json.id, { email: `right-${email}` })
    const [mail] = await mailsTo(world, world.acme, `right-${email}`)
    expect(mail!.text).toMatch(/\/auth\/password\/reset\//)
  })

  test('must be free and valid, and nothing else changes if it is not', async () => {
    const person = await newPerson()
    for (const email of ['ben@example.com', 'no address', '', null]) {
      const answer = await change(person.id, { email, first_name: 'Nobody' })
      expect([answer.status, Object.keys(answer.json)]).toEqual([400, ['email']])
    }
    expect((await world.acme.call(`${auth}/users/${person.id}/`, { token: admin })).json).toMatchObject({
      email: person.email,
      first_name: '',
    })
  })

  test('is not their own, and the same address changes nothing', async () => {
    const own = await change(world.acme.admin.id, { email: 'me@example.com' })
    expect([own.status, own.json]).toEqual([400, { email: ['Change your own email address in your profile.'] }])
    expect((await change(world.acme.admin.id, { email: world.acme.admin.email })).status).toBe(200)
    const person = await newPerson()
    const { access } = await signInAs(world.acme, person)
    expect((await change(person.id, { email: person.email })).status).toBe(200)
    expect((await world.acme.call(`${auth}/users/me/`, { token: access })).status).toBe(200)
  })
})

describe('fields that a request cannot change', () => {
  test('are refused by name, and nothing else changes', async () => {
    const person = await newPerson()
    const { access } = await signInAs(world.acme, person)
    const body = { first_name: 'Changed', role: 'Admin', email: 'other@example.com' }
    const text = ['This field cannot be changed here.']
    for (const path of ['me', person.id])
      expect(await change(path, body, access)).toMatchObject({ status: 400, json: { role: text, email: text } })
    const organization = `${api}/organization/`
    const { json } = await world.acme.call(organization, { token: admin })
    for (const field of ['subdomain', 'tenant_id', 'id']) {
      const answer = await world.acme.call(organization, {
        method: 'PATCH',
        token: admin,
        body: { ...json, logo: undefined, [field]: 'other' },
      })
      expect([answer.status, answer.json]).toEqual([400, { [field]: text }])
    }
  })

  test('are accepted with their current values, as clients send whole objects back', async () => {
    const person = await newPerson()
    const { access } = await signInAs(world.acme, person)
    const { json } = await world.acme.call(`${auth}/users/me/`, { token: access })
    const answer = await world.acme.call(`${auth}/users/me/`, {
      method: 'PUT',
      token: access,
      body: { ...json, first_name: 'Whole' },
    })
    expect(answer).toMatchObject({ status: 200, json: { first_name: 'Whole', role: 'Staff' } })
  })
})

function signIn({ email, password }: Person) {
  return world.acme.call(`${auth}/jwt/create/`, { body: { email, password } })
}
