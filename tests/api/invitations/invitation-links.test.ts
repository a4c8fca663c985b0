import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tenantAuthRealm } from '#server/domain/auth-realm.ts'
import type { Mail } from '../../support/data/mails.ts'
import { lastMailTo, mailsTo, outboxIsEmpty } from '../../support/data/mails.ts'
import type { Answer, Call } from '../../support/http.ts'
import type { Place, World } from '../../support/world.ts'
import { addPerson, api, createWorld, realmOf, signInAs } from '../../support/world.ts'

const invitations = `${api}/invitations/`
const subject = /^Join /
const password = 'nine velvet trombones'
const stale = { status: 400, text: '{"token":["This invitation has been used or revoked, or is too old."]}' }

let world: World
let admin: string
let staff: string
let globexAdmin: string
let design: string
let addresses = 0
beforeAll(async () => {
  world = await createWorld({ ACCESS_TTL: '3600', TRUSTED_PROXIES: '127.0.0.1' })
  admin = (await signInAs(world.acme, world.acme.admin)).access
  staff = (await signInAs(world.acme, world.acme.staff)).access
  globexAdmin = (await signInAs(world.globex, world.globex.admin)).access
  design = (await world.acme.call(`${api}/departments/`, { token: admin, body: { name: 'Design' } })).json.id
})
afterAll(() => world.stop())

describe('an invitation', () => {
  test('creates an active account with its role and department, without signing in', async () => {
    const answer = await invite({ email: ' Carla@Example.com', role: 'Admin', department: design })
    expect(answer).toMatchObject({
      status: 201,
      json: {
        email: 'carla@example.com',
        role: 'Admin',
        department: design,
        state: 'open',
        invited_by: world.acme.admin.id,
        accepted_at: null,
      },
    })
    expect(new Date(answer.json.expires_at).getTime() - new Date(answer.json.created).getTime()).toBe(7 * 86_400_000)
    const { token, mail } = await tokenFor('carla@example.com')
    expect(mail.links[0]).toMatch(new RegExp(`^${world.acme.origin}/invite/[\\w-]{43}$`))
    expect(mail.text).toMatch(
      /^ann@example\.com has invited you to the staff portal of “Acme Ltd” as an admin, in the department “Design”\./,
    )

    const seen = await lookup(token)
    expect(seen).toMatchObject({
      status: 200,
      json: {
        email: 'carla@example.com',
        organization: 'Acme Ltd',
        role: 'Admin',
        department: 'Design',
        expires_at: answer.json.expires_at,
      },
    })
    expect(Object.keys(seen.json).sort()).toEqual(['department', 'email', 'expires_at', 'organization', 'role'])
    const accepted = await accept({ token, first_name: 'Carla', last_name: 'Costa', language: 'ar' })
    expect(accepted).toMatchObject({
      status: 201,
      json: {
        email: 'carla@example.com',
        first_name: 'Carla',
        role: 'Admin',
        department: design,
        is_active: true,
        organization: world.acme.id,
        language: 'ar',
      },
    })
    expect(accepted.headers['set-cookie']).toBeUndefined()
    expect(accepted.text).not.toContain('password')
    await signInAs(world.acme, { id: accepted.json.id, email: 'carla@example.com', password })
    expect((await world.acme.call(`${invitations}${answer.json.id}/`, { token: admin })).json.state).toBe('accepted')
  })

  test('is for the address that it was sent to, whatever else is sent with it, LIFE-11', async () => {
    await invite({ email: 'dora@example.com' })
    const { token } = await tokenFor('dora@example.com')
    const greedy = {
      email: 'mallory@example.com',
      role: 'Admin',
      department: design,
      organization: world.globex.id,
      is_active: false,
      employee_id: 'E-1',
    }
    expect(await accept({ token, ...greedy })).toMatchObject({
      status: 201,
      json: {
        email: 'dora@example.com',
        role: 'Staff',
        department: null,
        is_active: true,
        organization: world.acme.id,
        employee_id: null,
      },
    })
  })

  test('is accepted once, LIFE-11, also by several at a time', async () => {
    await invite({ email: 'twice@example.com' })
    const { token } = await tokenFor('twice@example.com')
    const passwords = ['six paper lighthouses', 'eight quiet engines', 'two borrowed ladders']
    const answers = await Promise.all(passwords.map(password => accept({ token, password })))
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 400, 400])
    await signInAs(world.acme, {
      id: '',
      email: 'twice@example.com',
      password: passwords[answers.findIndex(({ status }) => status === 201)]!,
    })
    expect(await accept({ token })).toMatchObject(stale)
    expect(await lookup(token)).toMatchObject(stale)
  })

  test('that was revoked makes no account, LIFE-11', async () => {
    const { id } = (await invite({ email: 'revoked@example.com' })).json
    const { token } = await tokenFor('revoked@example.com')
    expect((await manage(id, 'DELETE')).status).toBe(204)
    expect(await accept({ token })).toMatchObject(stale)
    expect(await lookup(token)).toMatchObject(stale)
    expect((await manage(id, 'DELETE')).status).toBe(409)
    expect((await world.acme.call(`${invitations}${id}/resend/`, { method: 'POST', token: admin })).status).toBe(409)
    expect(await isUser('revoked@example.com')).toBe(false)
  })

  test('of one organisation is none at another, nor on the console, LIFE-11', async () => {
    await invite({ email: 'abroad@example.com' })
    const { token } = await tokenFor('abroad@example.com')
    expect(await accept({ token }, world.globex)).toMatchObject(stale)
    expect(await lookup(token, world.globex)).toMatchObject(stale)
    expect((await accept({ token }, world.console)).status).toBe(404)
    expect((await accept({ token })).status).toBe(201)
  })

  test('that was invented or changed is refused, LIFE-11', async () => {
    await invite({ email: 'tampered@example.com' })
    const { token } = await tokenFor('tampered@example.com')
    for (const bad of [
      '',
      null,
      [],
      {},
      0,
      undefined,
      token.slice(1),
      `${token}A`,
      token.split('').reverse().join(''),
      'a'.repeat(43),
    ]) {
      for (const answer of [await accept({ token: bad }), await lookup(bad)])
        expect([answer.status, Object.keys(answer.json)]).toEqual([400, ['token']])
    }
    expect(await isUser('tampered@example.com')).toBe(false)
  })

  test('that has expired is refused, even before the clean-up, RST-06, and can be sent again', async () => {
    const { id } = (await invite({ email: 'late@example.com' })).json
    const { token } = await tokenFor('late@example.com')
    await expire(id)
    expect(await accept({ token })).toMatchObject(stale)
    expect(await lookup(token)).toMatchObject(stale)
    expect((await world.acme.call(`${invitations}${id}/`, { token: admin })).json.state).toBe('expired')
    expect(await world.acme.call(`${invitations}${id}/resend/`, { method: 'POST', token: admin })).toMatchObject({
      status: 200,
      json: { id, state: 'open' },
    })
    const again = await tokenFor('late@example.com')
    expect(await accept({ token })).toMatchObject(stale)
    expect((await accept({ token: again.token })).status).toBe(201)
  })

  test('is not used up by looking at its link, nor by a password that is refused', async () => {
    await invite({ email: 'scanned@example.com' })
    const { token, mail } = await tokenFor('scanned@example.com')
    for (const method of ['GET', 'HEAD', 'GET']) {
      const page = await world.acme.call(new URL(mail.links[0]!).pathname, { method, accept: 'text/html' })
      expect(page).toMatchObject({
        status: 200,
        headers: { 'referrer-policy': 'no-referrer', 'cache-control': expect.stringContaining('no-store') },
      })
    }
    for (const bad of ['short', '123456789012345', 'scanned@example.com'])
      expect((await accept({ token, password: bad })).json).toHaveProperty('password')
    expect((await accept({ token, re_password: 'another one of them' })).json).toEqual({
      non_field_errors: ["The two password fields didn't match."],
    })
    expect((await accept({ token, first_name: '', last_name: undefined })).json).toEqual({
      first_name: ['This field may not be blank.'],
    })
    expect((await accept({ token })).status).toBe(201)
    expect(JSON.stringify(world.server.log)).not.toContain(token)
  })

  test('can be guessed no more than twenty times from one address', async () => {
    const from = nextAddress()
    for (let i = 0; i < 20; i++) expect((await lookup(`guess${i}`, world.acme, from)).status).toBe(400)
    expect((await lookup('one more', world.acme, from)).status).toBe(429)
    expect((await accept({ token: 'one more' }, world.acme, from)).status).toBe(429)
  })
})

describe('inviting', () => {
  test("is an Admin's, of this organisation", async () => {
    const { id } = (await invite({ email: 'private@example.com' })).json
    for (const [path, method] of [
      [invitations, 'GET'],
      [invitations, 'POST'],
      [`${invitations}bulk/`, 'POST'],
      [`${invitations}${id}/`, 'GET'],
      [`${invitations}${id}/`, 'DELETE'],
      [`${invitations}${id}/resend/`, 'POST'],
    ] as const) {
      expect((await world.acme.call(path, { method, token: staff })).status).toBe(403)
      expect((await world.acme.call(path, { method })).status).toBe(401)
    }
    for (const [path, method] of [
      [`${invitations}${id}/`, 'GET'],
      [`${invitations}${id}/`, 'DELETE'],
      [`${invitations}${id}/resend/`, 'POST'],
    ] as const) {
      expect((await world.globex.call(path, { method, token: globexAdmin })).status).toBe(404)
    }
    expect((await world.globex.call(invitations, { token: globexAdmin })).json.count).toBe(0)
    expect((await world.acme.call(`${invitations}${id}/`, { token: admin })).json.state).toBe('open')
  })

  test('says at the field what is wrong, and sends nothing', async () => {
    await addPerson(world, world.acme, 'here@example.com')
    expect((await invite({ email: 'here@example.com' })).json).toEqual({
      email: ['A user with this email already exists.'],
    })
    await invite({ email: 'again@example.com' })
    expect((await invite({ email: 'AGAIN@example.com' })).json).toEqual({
      email: ['This person has been invited already.'],
    })
    expect((await invite({ email: 'x@example.com', role: 'Support' })).json).toEqual({
      role: ['"Support" is not a valid choice.'],
    })
    const foreign = (await world.globex.call(`${api}/departments/`, { token: globexAdmin, body: { name: 'Design' } }))
      .json.id
    expect((await invite({ email: 'x@example.com', department: foreign })).json).toEqual({
      department: [`Invalid pk "${foreign}" - object does not exist.`],
    })
    expect(await mailsTo(world, world.acme, 'here@example.com')).toEqual([])
    expect(await mailsTo(world, world.acme, 'x@example.com')).toEqual([])
    expect(await mailsTo(world, world.acme, 'again@example.com')).toHaveLength(1)
  })

  test('one address again and again is mailed three times', async () => {
    const { id } = (await invite({ email: 'flooded@example.com' })).json
    const resend = () => world.acme.call(`${invitations}${id}/resend/`, { method: 'POST', token: admin })
    for (let i = 0; i < 2; i++) expect((await resend()).status).toBe(200)
    expect((await resend()).status).toBe(429)
    expect(await mailsTo(world, world.acme, 'flooded@example.com')).toHaveLength(3)
  })

  test('many from a CSV text does each by itself, and the same text again does nothing', async () => {
    const csv =
      'Email;Role;Department\r\none@bulk.test;admin;design\r\nnobody;;\r\ntwo@bulk.test;;\r\nthree@bulk.test;Boss;\r\nfour@bulk.test;;Nowhere\r\n'
    const first = await bulk({ csv })
    expect(first.json.results.map(({ row, email, status }: Record<string, unknown>) => [row, email, status])).toEqual([
      [2, 'one@bulk.test', 'invited'],
      [3, 'nobody', 'failed'],
      [4, 'two@bulk.test', 'invited'],
      [5, 'three@bulk.test', 'failed'],
      [6, 'four@bulk.test', 'failed'],
    ])
    expect(first.json.results[0].invitation).toMatchObject({ role: 'Admin', department: design })
    expect(first.json.results.map(({ errors }: { errors: object | null }) => errors && Object.keys(errors))).toEqual([
      null,
      ['email'],
      null,
      ['role'],
      ['department'],
    ])
    expect((await bulk({ csv })).json.results.map(({ status }: Record<string, unknown>) => status)).toEqual([
      'already_invited',
      'failed',
      'already_invited',
      'failed',
      'failed',
    ])
    for (const email of ['one@bulk.test', 'two@bulk.test'])
      expect(await mailsTo(world, world.acme, email)).toHaveLength(1)
    expect((await bulk({ csv: 'name\nAnn\n' })).json).toEqual({
      csv: ['The first row must name the columns, and one of them must be email.'],
    })
    expect((await bulk({})).json).toEqual({ non_field_errors: ['Send either invitations or csv.'] })
  })

  test('an invitation of a user who has registered meanwhile cannot be used', async () => {
    await invite({ email: 'faster@example.com' })
    const { token } = await tokenFor('faster@example.com')
    const person = await addPerson(world, world.acme, 'faster@example.com')
    expect((await accept({ token })).json).toEqual({ email: ['A user with this email already exists.'] })
    await signInAs(world.acme, person)
  })

  test('is in the audit', async () => {
    await outboxIsEmpty(world)
    for (const action of ['created', 'resent', 'revoked', 'accepted']) {
      expect(
        (await world.acme.call(`${api}/audit/?action=invitation.${action}`, { token: admin })).json.count,
      ).toBeGreaterThan(0)
    }
  })
})

function nextAddress(): Call['headers'] {
  addresses++
  return { 'x-forwarded-for': `198.51.100.${addresses & 255}` }
}

function invite(body: object): Promise<Answer> {
  return world.acme.call(invitations, { token: admin, body })
}

function bulk(body: object): Promise<Answer> {
  return world.acme.call(`${invitations}bulk/`, { token: admin, body })
}

function manage(id: string, method: string): Promise<Answer> {
  return world.acme.call(`${invitations}${id}/`, { method, token: admin })
}

function accept(body: object, place: Place = world.acme, headers = nextAddress()): Promise<Answer> {
  return place.call(`${invitations}accept/`, {
    body: { first_name: 'Dora', last_name: 'Dubois', password, ...body },
    headers,
  })
}

function lookup(token: unknown, place: Place = world.acme, headers = nextAddress()): Promise<Answer> {
  return place.call(`${invitations}lookup/`, { body: { token }, headers })
}

async function tokenFor(email: string): Promise<{ token: string; mail: Mail }> {
  const mail = await lastMailTo(world, world.acme, email, subject)
  return { token: mail.links[0]!.split('/').at(-1)!, mail }
}

async function isUser(email: string): Promise<boolean> {
  const {
    db,
    tables: { users },
  } = realmOf(world.app, world.acme).realm
  return (await db.$count(users, eq(users.email, email))) > 0
}

async function expire(id: string): Promise<void> {
  const { db, tables } = tenantAuthRealm(world.app.database, {
    id: world.acme.id,
    name: '',
    schema: world.acme.schema,
    origin: world.acme.origin,
  }).realm
  await db
    .update(tables.invitations)
    .set({ expires_at: new Date(Date.now() - 1_000) })
    .where(eq(tables.invitations.id, id))
}
