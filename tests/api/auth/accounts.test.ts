import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newId } from '#server/database/ids.ts'
import { fromSystem } from '#server/domain/context.ts'
import { changeUser } from '#server/domain/users/change.ts'
import { lastMailTo, linkParts, mailsTo, outboxIsEmpty } from '../../support/data/mails.ts'
import type { Person } from '../../support/database/templates.ts'
import type { Answer, Call } from '../../support/http.ts'
import type { Place, World } from '../../support/world.ts'
import { addPerson, api, auth, createWorld, realmOf, signInAs, signInWithCookies } from '../../support/world.ts'

const users = `${auth}/users/`
const me = `${users}me/`
const newPassword = 'nine velvet trombones'
const wrongUid = { status: 400, text: '{"uid":["Invalid user id or user doesn\'t exist."]}' }
const wrongToken = { status: 400, text: '{"token":["Invalid token for given user."]}' }
const done = { status: 204, text: '' }
const reset = /^Set a new password/
const activation = /^Activate your account/
const change = /^Confirm your new email/

let world: World
let admin: string
let addresses = 0
beforeAll(async () => {
  // Behind a trusted proxy, so that each test has its own address and its own limits.
  world = await createWorld({ ACCESS_TTL: '3600', TRUSTED_PROXIES: '127.0.0.1' })
  admin = (await signInAs(world.acme, world.acme.admin)).access
})
afterAll(() => world.stop())

describe('a forgotten password', () => {
  test('is reset with a mailed link, once; every session ends and nobody is signed in by it, RST-01, RST-11', async () => {
    const person = await addPerson(world, world.acme, 'forgetful@example.com')
    const sessions = [await signInAs(world.acme, person), await signInAs(world.acme, person)]
    const cookies = await signInWithCookies(world.acme, person)
    const link = await askReset(world.acme, person.email)
    expect(link).toMatch(new RegExp(`^${world.acme.origin}/auth/password/reset/[\\w-]+/[\\w-]{43}$`))

    const body = { ...linkParts(link), new_password: newPassword, re_new_password: newPassword }
    const answer = await confirm(world.acme, body)
    expect(answer).toMatchObject(done)
    expect(answer.headers['set-cookie']).toBeUndefined()
    for (const { access, refresh } of sessions) {
      expect((await world.acme.call(me, { token: access })).json.code).toBe('session_revoked')
      expect((await world.acme.call(`${auth}/jwt/refresh/`, { body: { refresh } })).status).toBe(401)
    }
    expect((await world.acme.call(me, { cookies })).status).toBe(401)
    expect(await confirm(world.acme, body)).toMatchObject(wrongToken)
    await signInAs(world.acme, { ...person, password: newPassword })
    await lastMailTo(world, world.acme, person.email, /^Your password for .* was changed$/)
  })

  test('is set at one organisation only', async () => {
    const [acme, globex] = [world.acme, world.globex]
    const link = await askReset(acme, acme.staff.email)
    expect(await mailsTo(world, globex, acme.staff.email)).toEqual([])
    expect(await confirm(globex, { ...linkParts(link), new_password: newPassword })).toMatchObject(wrongUid)
    await signInAs(globex, globex.staff)
    await signInAs(acme, acme.staff)
  })

  test.each<[string, (person: Person, place: Place) => Promise<unknown>]>([
    ['a newer link was asked for', (person, place) => ask(place, person.email)],
    [
      'the password was changed',
      async (person, place) => {
        const { access } = await signInAs(place, person)
        expect(
          await place.call(`${users}set_password/`, {
            token: access,
            body: { current_password: person.password, new_password: newPassword },
          }),
        ).toMatchObject(done)
      },
    ],
    [
      'the e-mail address was changed',
      async (person, place) => {
        const { access } = await signInAs(place, person)
        const to = `new.${person.email}`
        expect(
          await place.call(`${users}set_email/`, {
            token: access,
            body: { new_email: to, current_password: person.password },
          }),
        ).toMatchObject(done)
        const mail = await lastMailTo(world, place, to, change)
        expect(await place.call(`${users}set_email_confirm/`, { body: linkParts(mail.links[0]!) })).toMatchObject(done)
      },
    ],
    ['an hour has passed', (_person, place) => expire(place)],
  ])('cannot be set by a link after %s, RST-02', async (_what, happens) => {
    const place = world.acme
    const person = await addPerson(world, place, `late${++addresses}@example.com`)
    const link = await askReset(place, person.email)
    await happens(person, place)
    expect(await confirm(place, { ...linkParts(link), new_password: 'five wooden kites' })).toMatchObject(wrongToken)
  })

  test('is not set by a link that was made up, edited, or never asked for, RST-07, RST-08, RST-09', async () => {
    const person = await addPerson(world, world.acme, 'guessed@example.com')
    const encode = (text: string) => Buffer.from(text).toString('base64url')
    expect(
      await confirm(world.acme, { uid: encode(person.id), token: 'a'.repeat(43), new_password: newPassword }),
    ).toMatchObject(wrongToken)
    const { uid, token } = linkParts(await askReset(world.acme, person.email))
    for (const other of [
      encode(world.acme.admin.id),
      encode(newId()),
      encode('garbage'),
      '%%%',
      `${uid}=`,
      `${uid}A`,
    ]) {
      const answer = await confirm(world.acme, { uid: other, token, new_password: newPassword })
      expect([answer.status, Object.keys(answer.json)]).toEqual([
        400,
        [other === encode(world.acme.admin.id) ? 'token' : 'uid'],
      ])
    }
    for (const bad of ['', null, [], {}, 0, undefined, token.slice(1), `${token}A`, ` ${token.toLowerCase()}`]) {
      const answer = await confirm(world.acme, { uid, token: bad, new_password: newPassword })
      expect([answer.status, Object.keys(answer.json)]).toEqual([400, ['token']])
    }
    await signInAs(world.acme, person)
    expect(await confirm(world.acme, { uid, token, new_password: newPassword })).toMatchObject(done)
  })

  test('is set once when two requests use the link at once, RST-10', async () => {
    const person = await addPerson(world, world.acme, 'raced@example.com')
    const parts = linkParts(await askReset(world.acme, person.email))
    const passwords = ['six paper lighthouses', 'eight quiet engines', 'two borrowed ladders', 'four distant drums']
    const answers = await Promise.all(passwords.map(new_password => confirm(world.acme, { ...parts, new_password })))
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 400, 400, 400])
    await signInAs(world.acme, { ...person, password: passwords[answers.findIndex(({ status }) => status === 204)]! })
  })

  test('must be valid, and an invalid one does not use the link up', async () => {
    const person = await addPerson(world, world.acme, 'weak@example.com')
    const parts = linkParts(await askReset(world.acme, person.email))
    for (const bad of ['short', '123456789012345', 'weak@example.com'])
      expect((await confirm(world.acme, { ...parts, new_password: bad })).json).toHaveProperty('new_password')
    expect(
      (await confirm(world.acme, { ...parts, new_password: newPassword, re_new_password: 'another one of them' })).json,
    ).toEqual({ non_field_errors: ["The two password fields didn't match."] })
    expect(await confirm(world.acme, { ...parts, new_password: newPassword })).toMatchObject(done)
  })

  test('is not set by opening the link, RST-12, and its page sends the URL to nobody, RST-13', async () => {
    const person = await addPerson(world, world.acme, 'scanned@example.com')
    const link = await askReset(world.acme, person.email)
    const { pathname } = new URL(link)
    for (const method of ['GET', 'HEAD', 'GET']) {
      const page = await world.acme.call(pathname, { method, accept: 'text/html' })
      expect(page.status).toBe(200)
      expect(page.headers).toMatchObject({
        'referrer-policy': 'no-referrer',
        'cache-control': expect.stringContaining('no-store'),
      })
      for (const [, source] of page.text.matchAll(/(?:src|href)="(https?:[^"]*)"/g))
        expect(source).toMatch(new RegExp(`^${world.acme.origin}`))
    }
    expect(await confirm(world.acme, { ...linkParts(link), new_password: newPassword })).toMatchObject(done)
    expect(JSON.stringify(world.server.log)).not.toContain(linkParts(link).token)
  })

  test('gets the same answer for every address, and a mail for those with an account, ENU-04', async () => {
    const gone = await addPerson(world, world.acme, 'gone@example.com', { is_active: false })
    const here = await addPerson(world, world.acme, 'here@example.com')
    const answers = [
      await ask(world.acme, 'nobody@example.com'),
      await ask(world.acme, gone.email),
      await ask(world.acme, ` ${here.email.toUpperCase()} `),
    ]
    for (const answer of answers) {
      expect(answer).toMatchObject(done)
      expect(Object.keys(answer.headers).sort()).toEqual(Object.keys(answers[0]!.headers).sort())
    }
    expect(await mailsTo(world, world.acme, 'nobody@example.com')).toEqual([])
    expect(await mailsTo(world, world.acme, gone.email)).toEqual([])
    expect(await mailsTo(world, world.acme, here.email)).toHaveLength(1)
    expect((await ask(world.acme, 'no address')).json).toEqual({ email: ['Enter a valid email address.'] })
    // Nothing is stored about a request for an unknown address.
    const {
      db,
      tables: { outbox },
    } = world.app.database.platform
    expect(await db.$count(outbox, eq(outbox.recipient, 'nobody@example.com'))).toBe(0)
  })

  test('asked for fifty times is mailed three times, RST-15', async () => {
    const person = await addPerson(world, world.acme, 'flooded@example.com')
    const answers = await Promise.all(Array.from({ length: 50 }, () => ask(world.acme, person.email)))
    for (const answer of answers) expect(answer).toMatchObject(done)
    const mails = await mailsTo(world, world.acme, person.email)
    expect(mails.length).toBe(3)
    expect(await askReset(world.globex, world.globex.staff.email)).toBeTruthy()
  })

  test('with too many guesses from one address is refused, BRU-08', async () => {
    const person = await addPerson(world, world.acme, 'target@example.com')
    const parts = linkParts(await askReset(world.acme, person.email))
    const from = nextAddress()
    const guess = (token: string) => confirm(world.acme, { ...parts, token, new_password: newPassword }, from)
    for (let i = 0; i < 20; i++) expect((await guess(`guess${i}`)).status).toBe(400)
    const refused = await guess(parts.token)
    expect(refused.status).toBe(429)
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
    expect(await confirm(world.acme, { ...parts, new_password: newPassword }, nextAddress())).toMatchObject(done)
  })
})

test('a link is on the canonical host also when asked for in other letters', async () => {
  const person = await addPerson(world, world.acme, 'capitals@example.com')
  expect(
    await world.call(world.acme.host.toUpperCase(), `${users}reset_password/`, { body: { email: person.email } }),
  ).toMatchObject(done)
  expect((await lastMailTo(world, world.acme, person.email, reset)).links[0]).toMatch(
    new RegExp(`^${world.acme.origin}/`),
  )
})

test("an operator's forgotten password is reset in the same way, on the console", async () => {
  const link = await askReset(world.console, world.console.admin.email)
  expect(link).toMatch(new RegExp(`^${world.console.origin}/auth/password/reset/`))
  expect(await confirm(world.acme, { ...linkParts(link), new_password: newPassword })).toMatchObject(wrongUid)
  expect(await confirm(world.console, { ...linkParts(link), new_password: newPassword })).toMatchObject(done)
  await signInAs(world.console, { ...world.console.admin, password: newPassword })
})

describe('open registration', () => {
  const input = {
    password: 'forty green umbrellas',
    re_password: 'forty green umbrellas',
    first_name: 'Rita',
    last_name: 'Reyes',
  }
  beforeAll(() =>
    setRegistration(world.acme, { registration: 'open', registration_domains: ['open.test', 'also.test'] }),
  )
  afterAll(() => setRegistration(world.acme, { registration: 'invite_only', registration_domains: [] }))

  test('creates Staff of this organisation only, inactive until the mailed link is used, AZ-04', async () => {
    const greedy = {
      role: 'Admin',
      is_active: true,
      is_staff: true,
      organization: world.globex.id,
      employee_id: 'E-1',
      department: newId(),
      id: newId(),
      email_verified: true,
      activated_at: '2001-01-01T00:00:00Z',
    }
    const answer = await register(world.acme, { ...input, ...greedy, email: 'Rita@Open.test' })
    expect(answer).toMatchObject({
      status: 201,
      json: {
        email: 'rita@open.test',
        role: 'Staff',
        is_active: false,
        organization: world.acme.id,
        employee_id: null,
        department: null,
        first_name: 'Rita',
      },
    })
    expect(answer.text).not.toContain('password')
    const person = { id: answer.json.id, email: 'rita@open.test', password: input.password }
    expect((await signIn(world.acme, person)).status).toBe(401)

    const link = (await lastMailTo(world, world.acme, person.email, activation)).links[0]!
    expect(link).toMatch(new RegExp(`^${world.acme.origin}/auth/activate/[\\w-]+/[\\w-]{43}$`))
    expect(await activate(world.globex, linkParts(link))).toMatchObject(wrongUid)
    const activated = await activate(world.acme, linkParts(link))
    expect(activated).toMatchObject(done)
    expect(activated.headers['set-cookie']).toBeUndefined()
    await signInAs(world.acme, person)
    expect(await activate(world.acme, linkParts(link))).toMatchObject({
      status: 403,
      text: '{"detail":"Stale token for given user."}',
    })
  })

  test("is for addresses at the organisation's domains alone", async () => {
    for (const email of ['x@example.com', 'x@open.test.evil.test', 'x@sub.open.test', 'open.test@evil.test']) {
      expect((await register(world.acme, { ...input, email })).json).toEqual({
        email: ['Use an address at open.test, also.test.'],
      })
    }
    expect((await register(world.acme, { ...input, email: 'x@ALSO.test' })).status).toBe(201)
  })

  test('of one organisation opens no other, and never the console', async () => {
    for (const place of [world.globex, world.console])
      expect(await register(place, { ...input, email: 'x@open.test' })).toMatchObject({
        status: 403,
        json: { code: 'registration_closed' },
      })
  })

  test('reports errors at the field', async () => {
    expect((await register(world.acme, {})).json).toEqual({
      email: ['This field is required.'],
      password: ['This field is required.'],
    })
    expect(
      (await register(world.acme, { ...input, email: 'p@open.test', password: 'short', re_password: 'short' })).json,
    ).toEqual({ password: expect.arrayContaining([expect.stringContaining('too short')]) })
    expect((await register(world.acme, { ...input, email: 'p@open.test', re_password: 'x' })).json).toHaveProperty(
      'non_field_errors',
    )
  })

  test('with a taken address mails the owner, and does not reveal who has an account, ENU-03', async () => {
    await addPerson(world, world.acme, 'taken@open.test')
    const from = nextAddress()
    const taken = () => register(world.acme, { ...input, email: 'taken@open.test' }, from)
    for (let i = 0; i < 20; i++)
      expect(await taken()).toMatchObject({ status: 400, text: '{"email":["A user with this email already exists."]}' })
    expect((await taken()).status).toBe(429)
    expect((await register(world.acme, { ...input, email: 'free@open.test' }, from)).status).toBe(429)
    expect((await register(world.acme, { ...input, email: 'free@open.test' }, nextAddress())).status).toBe(201)
    const mails = await mailsTo(world, world.acme, 'taken@open.test')
    expect(mails.map(({ subject }) => subject)).toEqual(
      Array.from({ length: 3 }, () => expect.stringContaining('You already have an account at')),
    )
    // The same address at another organisation is independent.
    expect(await mailsTo(world, world.globex, 'taken@open.test')).toEqual([])
  })

  test('is activated by the newest mailed link, for three days, and a request for it does not reveal who has an account, ENU-06', async () => {
    const { id } = (await register(world.acme, { ...input, email: 'slow@open.test' })).json
    const first = (await lastMailTo(world, world.acme, 'slow@open.test', activation)).links[0]!
    const active = await addPerson(world, world.acme, 'active@open.test')
    for (const email of ['slow@open.test', active.email, 'nobody@open.test'])
      expect(await resend(world.acme, email)).toMatchObject(done)
    const second = (await lastMailTo(world, world.acme, 'slow@open.test', activation)).links[0]!
    expect(await mailsTo(world, world.acme, active.email)).toEqual([])
    expect(await mailsTo(world, world.acme, 'nobody@open.test')).toEqual([])
    expect(await activate(world.acme, linkParts(first))).toMatchObject(wrongToken)
    await expire(world.acme)
    expect(await activate(world.acme, linkParts(second))).toMatchObject(wrongToken)
    await resend(world.acme, 'slow@open.test')
    const third = (await lastMailTo(world, world.acme, 'slow@open.test', activation)).links[0]!
    for (const method of ['GET', 'HEAD'])
      await world.acme.call(new URL(third).pathname, { method, accept: 'text/html' })
    expect(await activate(world.acme, linkParts(third))).toMatchObject(done)
    expect((await world.acme.call(`${users}${id}/`, { token: admin })).json.is_active).toBe(true)
  })

  test('does not undo a deactivation: an activation link of a deactivated user is refused', async () => {
    for (const activatedBefore of [true, false]) {
      const email = `undone.${activatedBefore}@open.test`
      const { id } = (await register(world.acme, { ...input, email })).json
      const parts = linkParts((await lastMailTo(world, world.acme, email, activation)).links[0]!)
      if (activatedBefore) expect(await activate(world.acme, parts)).toMatchObject(done)
      await changeUser(world.app, realmOf(world.app, world.acme), id, { is_active: true }, fromSystem)
      await changeUser(world.app, realmOf(world.app, world.acme), id, { is_active: false }, fromSystem)
      expect((await activate(world.acme, parts)).status).toBe(403)
      expect((await signIn(world.acme, { id, email, password: input.password })).status).toBe(401)
      await resend(world.acme, email)
      expect(await mailsTo(world, world.acme, email)).toHaveLength(1)
    }
  })

  test('a link for one purpose is not valid for another', async () => {
    const { id } = (await register(world.acme, { ...input, email: 'purpose@open.test' })).json
    const parts = linkParts((await lastMailTo(world, world.acme, 'purpose@open.test', activation)).links[0]!)
    expect(await confirm(world.acme, { ...parts, new_password: newPassword })).toMatchObject(wrongToken)
    expect(await world.acme.call(`${users}set_email_confirm/`, { body: parts })).toMatchObject(wrongToken)
    expect((await world.acme.call(me, { token: parts.token })).status).toBe(401)
    expect((await world.acme.call(`${users}${id}/`, { token: admin })).json.is_active).toBe(false)
  })
})

test('a user whom an admin creates without a password gets a mail with a link to set one', async () => {
  const answer = await world.acme.call(users, {
    token: admin,
    body: { email: 'welcome@example.com', first_name: 'Wanda', role: 'Staff' },
  })
  expect(answer).toMatchObject({ status: 201, json: { email: 'welcome@example.com', is_active: true } })
  expect((await signIn(world.acme, { id: '', email: 'welcome@example.com', password: '' })).status).toBe(400)
  const link = (await lastMailTo(world, world.acme, 'welcome@example.com', /^Your account at/)).links[0]!
  expect(await confirm(world.acme, { ...linkParts(link), new_password: newPassword })).toMatchObject(done)
  await signInAs(world.acme, { id: answer.json.id, email: 'welcome@example.com', password: newPassword })
})

describe('a change of address', () => {
  test('takes effect when the link in the mail to the new address is used, and the old address is notified', async () => {
    const person = await addPerson(world, world.acme, 'old@example.com')
    const { access } = await signInAs(world.acme, person)
    expect(
      await setEmail(world.acme, access, {
        new_email: ' New@Example.com',
        current_password: person.password,
        re_new_email: 'new@example.com',
      }),
    ).toMatchObject(done)
    const link = (await lastMailTo(world, world.acme, 'new@example.com', change)).links[0]!
    expect(link).toMatch(new RegExp(`^${world.acme.origin}/auth/email/[\\w-]+/[\\w-]{43}$`))
    expect((await world.acme.call(me, { token: access })).json.email).toBe('old@example.com')
    expect(await confirmEmail(world.globex, linkParts(link))).toMatchObject(wrongUid)
    expect(await confirmEmail(world.acme, { ...linkParts(link), token: 'x' })).toMatchObject(wrongToken)

    expect(await confirmEmail(world.acme, linkParts(link))).toMatchObject(done)
    expect((await world.acme.call(me, { token: access })).json.email).toBe('new@example.com')
    expect(await confirmEmail(world.acme, linkParts(link))).toMatchObject(wrongToken)
    await lastMailTo(world, world.acme, 'old@example.com', /^Your email address at .* was changed$/)
    expect((await signIn(world.acme, person)).status).toBe(401)
    await signInAs(world.acme, { ...person, email: 'new@example.com' })
  })

  test('takes the password, LIFE-05, and two equal addresses', async () => {
    const { access } = await signInAs(world.acme, world.acme.staff)
    expect((await setEmail(world.acme, access, { new_email: 'x@example.com', current_password: 'wrong' })).text).toBe(
      '{"current_password":["Invalid password."]}',
    )
    expect((await setEmail(world.acme, access, { new_email: 'x@example.com' })).json).toEqual({
      current_password: ['This field is required.'],
    })
    expect(
      (
        await setEmail(world.acme, access, {
          new_email: 'x@example.com',
          re_new_email: 'y@example.com',
          current_password: world.acme.staff.password,
        })
      ).json,
    ).toEqual({ non_field_errors: ["The two email fields didn't match."] })
    expect(
      (await world.acme.call(`${users}set_email/`, { body: { new_email: 'x@example.com', current_password: 'x' } }))
        .status,
    ).toBe(401)
    expect(await mailsTo(world, world.acme, 'x@example.com')).toEqual([])
  })

  test('to a taken one gets the same answer, and its owner is notified, ENU-06', async () => {
    const [person, owner] = [
      await addPerson(world, world.acme, 'wants@example.com'),
      await addPerson(world, world.acme, 'has@example.com'),
    ]
    const { access } = await signInAs(world.acme, person)
    expect(
      await setEmail(world.acme, access, { new_email: owner.email, current_password: person.password }),
    ).toMatchObject(done)
    const mail = await lastMailTo(world, world.acme, owner.email, /^You already have an account/)
    expect(mail.links.join()).not.toContain('/auth/email/')
    await signInAs(world.acme, owner)
  })

  test('to one that is taken meanwhile is refused, and changes nothing', async () => {
    const person = await addPerson(world, world.acme, 'slower@example.com')
    const { access } = await signInAs(world.acme, person)
    await setEmail(world.acme, access, { new_email: 'contested@example.com', current_password: person.password })
    const parts = linkParts((await lastMailTo(world, world.acme, 'contested@example.com', change)).links[0]!)
    await addPerson(world, world.acme, 'contested@example.com')
    expect(await confirmEmail(world.acme, parts)).toMatchObject(wrongToken)
    expect((await world.acme.call(me, { token: access })).json.email).toBe('slower@example.com')
  })

  test('needs the newest link, which is invalid after a new password or a deactivation', async () => {
    const person = await addPerson(world, world.acme, 'fickle@example.com')
    const { access } = await signInAs(world.acme, person)
    await setEmail(world.acme, access, { new_email: 'first@example.com', current_password: person.password })
    const first = linkParts((await lastMailTo(world, world.acme, 'first@example.com', change)).links[0]!)
    await setEmail(world.acme, access, { new_email: 'second@example.com', current_password: person.password })
    const second = linkParts((await lastMailTo(world, world.acme, 'second@example.com', change)).links[0]!)
    expect(await confirmEmail(world.acme, first)).toMatchObject(wrongToken)
    await world.acme.call(`${users}set_password/`, {
      token: access,
      body: { current_password: person.password, new_password: newPassword },
    })
    expect(await confirmEmail(world.acme, second)).toMatchObject(wrongToken)
    await setEmail(world.acme, access, { new_email: 'third@example.com', current_password: newPassword })
    const third = linkParts((await lastMailTo(world, world.acme, 'third@example.com', change)).links[0]!)
    await changeUser(world.app, realmOf(world.app, world.acme), person.id, { is_active: false }, fromSystem)
    expect(await confirmEmail(world.acme, third)).toMatchObject(wrongToken)
  })
})

describe('notices', () => {
  const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'
  const safari =
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1'

  test('report a sign-in from a new device, except the first one', async () => {
    const person = await addPerson(world, world.acme, 'devices@example.com')
    for (const agent of [firefox, firefox, firefox.replaceAll('140', '141')]) await signInWith(agent, person)
    expect(await mailsTo(world, world.acme, person.email)).toEqual([])
    await signInWith(safari, person)
    await signInWith(safari, person)
    const mails = await mailsTo(world, world.acme, person.email)
    expect(mails.map(({ subject }) => subject)).toEqual(['New sign-in to your account at Acme Ltd'])
    expect(mails[0]!.text).toContain('Safari on iPhone')
  })

  test('report a session that was ended because of token reuse', async () => {
    const person = await addPerson(world, world.acme, 'reused@example.com')
    const { refresh } = await signInAs(world.acme, person)
    const renew = (token: string) => world.acme.call(`${auth}/jwt/refresh/`, { body: { refresh: token } })
    const second = (await renew(refresh)).json.refresh
    await renew((await renew(second)).json.refresh)
    for (let i = 0; i < 3; i++) expect((await renew(refresh)).status).toBe(401)
    expect((await mailsTo(world, world.acme, person.email)).map(({ subject }) => subject)).toEqual([
      'One of your sessions at Acme Ltd was ended',
    ])
  })

  function signInWith(agent: string, { email, password }: Person): Promise<Answer> {
    return world.acme.call(`${auth}/jwt/create/`, { body: { email, password }, headers: { 'user-agent': agent } })
  }
})

test('changes of accounts are in the audit', async () => {
  await outboxIsEmpty(world)
  const actions = new Set(
    (await world.acme.call(`${api}/audit/?page_size=100`, { token: admin })).json.results.map(
      ({ action }: { action: string }) => action,
    ),
  )
  for (const action of [
    'user.registered',
    'user.activated',
    'user.password_reset',
    'user.email_change_requested',
    'user.email_changed',
    'session.reuse_detected',
  ])
    expect(actions).toContain(action)
})

function nextAddress(): Call['headers'] {
  addresses++
  return { 'x-forwarded-for': `198.51.${100 + (addresses >> 8)}.${addresses & 255}` }
}

function ask(place: Place, email: string): Promise<Answer> {
  return place.call(`${users}reset_password/`, { body: { email }, headers: nextAddress() })
}

async function askReset(place: Place, email: string): Promise<string> {
  expect(await ask(place, email)).toMatchObject(done)
  return (await lastMailTo(world, place, email, reset)).links[0]!
}

function confirm(place: Place, body: object, headers = nextAddress()): Promise<Answer> {
  return place.call(`${users}reset_password_confirm/`, { body, headers })
}

function register(place: Place, body: object, headers = nextAddress()): Promise<Answer> {
  return place.call(users, { body, headers })
}

function activate(place: Place, body: object): Promise<Answer> {
  return place.call(`${users}activation/`, { body, headers: nextAddress() })
}

function resend(place: Place, email: string): Promise<Answer> {
  return place.call(`${users}resend_activation/`, { body: { email }, headers: nextAddress() })
}

function setEmail(place: Place, token: string, body: object): Promise<Answer> {
  return place.call(`${users}set_email/`, { token, body, headers: nextAddress() })
}

function confirmEmail(place: Place, body: object): Promise<Answer> {
  return place.call(`${users}set_email_confirm/`, { body, headers: nextAddress() })
}

function signIn(place: Place, { email, password }: Person): Promise<Answer> {
  return place.call(`${auth}/jwt/create/`, { body: { email, password }, headers: nextAddress() })
}

/** Makes every link of a place too old. */
async function expire(place: Place): Promise<void> {
  const {
    db,
    tables: { one_time_tokens },
  } = realmOf(world.app, place).realm
  await db.update(one_time_tokens).set({ expires_at: new Date(Date.now() - 1_000) })
}

async function setRegistration(place: Place, body: object): Promise<void> {
  const { access } = await signInAs(place, place.admin)
  expect((await place.call(`${api}/organization/`, { method: 'PATCH', token: access, body })).status).toBe(200)
}
