import { eq, like, sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { newId } from '#server/database/ids.ts'
import type { TenantRealm } from '#server/database/realms.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import { lastMailTo, mailsTo, sitePlace } from '../../support/data/mails.ts'
import type { Person } from '../../support/database/templates.ts'
import type { Answer } from '../../support/http.ts'
import type { Place, World } from '../../support/world.ts'
import { addPerson, api, auth, createWorld, realmOf, signInAs } from '../../support/world.ts'

const password = 'a perfectly fine phrase'
const names = { first_name: 'Una', last_name: 'Asked' }

let world: World
/** Access tokens of the Admins. */
let admins: { acme: string; globex: string }

beforeAll(async () => {
  world = await createWorld({ TRUSTED_PROXIES: '127.0.0.1', SIGNUP: 'open', ACCESS_TTL: '3600' })
  for (const place of [world.acme, world.globex]) {
    const { db, tables } = tenantRealm(place)
    await db.update(tables.settings).set({ registration: 'open' })
  }
  admins = {
    acme: (await signInAs(world.acme, world.acme.admin)).access,
    globex: (await signInAs(world.globex, world.globex.admin)).access,
  }
})
beforeEach(() => forget('%'))
afterAll(() => world.stop())

describe('registering', () => {
  test('ends for one network after twenty accounts in an hour, with no account, mail or record of one more', async () => {
    const {
      db,
      tables: { users, audit_events: events },
    } = tenantRealm(world.acme)
    for (let i = 0; i < 20; i++)
      expect((await register(world.acme, `many-${i}@example.org`, `2001:db8:5:6::${i}`)).status).toBe(201)
    const before = [await db.$count(users), await db.$count(events, eq(events.action, 'user.registered'))]
    expectThrottled(await register(world.acme, 'one-more@example.org', '2001:db8:5:6:ffff::1'))
    expect([await db.$count(users), await db.$count(events, eq(events.action, 'user.registered'))]).toEqual(before)
    expect(await mailsTo(world, world.acme, 'one-more@example.org')).toEqual([])
    expect((await register(world.acme, 'elsewhere@example.org', '2001:db8:5:7::1')).status).toBe(201)
    expect((await register(world.globex, 'one-more@example.org', '2001:db8:5:6::1')).status).toBe(201)
  })

  test('by many requests at once gets no further', async () => {
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, i) => register(world.acme, `at-once-${i}@example.org`, '198.51.100.1')),
    )
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(20)
    for (const answer of answers.filter(({ status }) => status !== 201)) expectThrottled(answer)
  })

  test('ends for one address after fifty accounts in a day, however they are spread', async () => {
    let made = 0
    for (let hour = 0; hour < 3; hour++) {
      for (let i = 0; i < 20; i++) made += Number(await admitsRegistration(world.acme, '198.51.100.2'))
      await forget('registration_address_hour%')
    }
    expect(made).toBe(50)
    expectThrottled(await register(world.acme, 'day@example.org', '198.51.100.2'))
    expect((await register(world.globex, 'day@example.org', '198.51.100.2')).status).toBe(201)
  })

  test('ends for an organisation after five hundred accounts in a day, from wherever, and for no other', async () => {
    for (let i = 0; i < 500; i++) expect(await admitsRegistration(world.acme, `198.18.${i >> 8}.${i & 255}`)).toBe(true)
    expectThrottled(await register(world.acme, 'tenant-day@example.org', '198.51.100.3'))
    expect((await register(world.globex, 'tenant-day@example.org', '198.51.100.3')).status).toBe(201)
  })

  test('that fails does not count against the limit', async () => {
    await register(world.acme, 'there@example.org', '198.51.100.4')
    for (let i = 0; i < 10; i++)
      expect((await register(world.acme, 'there@example.org', '198.51.100.5')).status).toBe(400)
    for (let i = 0; i < 10; i++)
      expect(
        (
          await world.acme.call(`${auth}/users/`, {
            body: { email: 'x@example.org', password: 'short' },
            headers: { 'x-forwarded-for': '198.51.100.5' },
          })
        ).status,
      ).toBe(400)
    for (let i = 0; i < 20; i++)
      expect((await register(world.acme, `after-${i}@example.org`, '198.51.100.5')).status).toBe(201)
    expectThrottled(await register(world.acme, 'after-20@example.org', '198.51.100.5'))
  })
})

describe('one mailbox', () => {
  test('gets at most ten mails a day that strangers have caused, over all organisations and the site together', async () => {
    const mailbox = 'victim@example.org'
    for (let i = 0; i < 8; i++) await world.app.limits.admitStranger(mailbox)
    expect((await register(world.acme, mailbox, '198.51.100.6')).status).toBe(201)
    expect((await signUp('Ten Ltd', 'ten-mails', mailbox, '198.51.100.6')).status).toBe(202)
    expect(await mailsTo(world, sitePlace(world), mailbox)).toHaveLength(1)
    expectThrottled(await register(world.globex, mailbox, '198.51.100.6'))
    expect((await signUp('Eleven Ltd', 'eleven-mails', mailbox, '198.51.100.6')).status).toBe(202)
    expect(await mailsTo(world, sitePlace(world), mailbox)).toHaveLength(1)
    expect((await register(world.globex, 'somebody-else@example.org', '198.51.100.6')).status).toBe(201)
    // An older organisation can invite anyone.
    expect((await inviteFrom(world.globex, admins.globex, mailbox)).status).toBe(201)
  })
})

describe('one mailbox, from one organisation that is old enough,', () => {
  test('gets at most twenty mails a day that Admins have caused, by whatever means', async () => {
    const { acme, globex } = world
    const { tables, db } = tenantRealm(acme)
    const victim = 'victim2@example.org'
    const change = (path: string, body?: object) => acme.call(path, { token: admins.acme, body })
    const upload = () =>
      acme.call(`${api}/users/import/`, {
        token: admins.acme,
        body: `email\n${victim}\n`,
        headers: { 'content-type': 'text/csv' },
      })
    const remove = () => db.delete(tables.users).where(eq(tables.users.email, victim))
    for (let i = 0; i < 18; i++) {
      expect((await (i % 2 ? upload() : addByMail(acme, admins.acme, victim))).status).toBe(i % 2 ? 200 : 201)
      await remove()
    }
    const invitation = await inviteFrom(acme, admins.acme, victim)
    expect(invitation.status).toBe(201)
    expect((await change(`${api}/invitations/${invitation.json.id}/resend/`, {})).status).toBe(200)

    expectThrottled(await change(`${api}/invitations/${invitation.json.id}/resend/`, {}))
    expectThrottled(await addByMail(acme, admins.acme, victim))
    expectThrottled(await upload())
    expect(await db.$count(tables.users, eq(tables.users.email, victim))).toBe(0)
    expect((await addByMail(acme, admins.acme, 'somebody-else2@example.org')).status).toBe(201)
    expect((await addByMail(globex, admins.globex, victim)).status).toBe(201)
  })

  test('gets at most twenty mails a day that anyone can ask for', async () => {
    const { email } = await addPerson(world, world.acme, 'asked-for@example.org')
    const ask = (path: string, i: number) =>
      world.acme.call(`${auth}/users/${path}/`, { body: { email }, headers: { 'x-forwarded-for': `198.51.101.${i}` } })
    for (let i = 0; i < 30; i++) {
      await forget('mail_mailbox:%')
      expect((await ask('reset_password', i)).status).toBe(204)
    }
    await expect.poll(async () => (await mailsTo(world, world.acme, email)).length).toBe(20)
  })
})

describe('asking for mails', () => {
  test('to however many mailboxes ends for one address, for activation and new passwords together', async () => {
    const ask = (path: string, i: number, address: string) =>
      world.acme.call(`${auth}/users/${path}/`, {
        body: { email: `box-${i}@example.org` },
        headers: { 'x-forwarded-for': address },
      })
    for (let i = 0; i < 60; i++)
      expect((await ask(i % 2 ? 'reset_password' : 'resend_activation', i, '198.51.100.7')).status).toBe(204)
    for (const path of ['reset_password', 'resend_activation']) expectThrottled(await ask(path, 61, '198.51.100.7'))
    expect((await ask('reset_password', 62, '198.51.100.8')).status).toBe(204)
  })

  test("to new addresses of one's own ends after ten in a day", async () => {
    const person = await addPerson(world, world.acme, 'mover@example.org')
    const { access } = await signInAs(world.acme, person)
    const change = (email: string) =>
      world.acme.call(`${auth}/users/set_email/`, {
        token: access,
        body: { new_email: email, current_password: person.password },
      })
    for (let i = 0; i < 10; i++) expect((await change(`new-${i}@example.org`)).status).toBe(204)
    expectThrottled(await change('new-10@example.org'))
    expect(await mailsTo(world, world.acme, 'new-10@example.org')).toEqual([])
  })
})

describe('signing up', () => {
  test('ends for one address after twenty in a day, and for all after three hundred', async () => {
    for (let i = 0; i < 10; i++)
      expect((await signUp(`Day ${i}`, `day-${i}`, `day-${i}@example.org`, '2001:db8:7:8::1')).status).toBe(202)
    await forget('signup_address_hour%')
    for (let i = 10; i < 20; i++)
      expect((await signUp(`Day ${i}`, `day-${i}`, `day-${i}@example.org`, '2001:db8:7:8::2')).status).toBe(202)
    await forget('signup_address_hour%')
    expectThrottled(await signUp('Day 20', 'day-20', 'day-20@example.org', '2001:db8:7:8::3'))
    for (let i = 20; i < 300; i++) await world.app.limits.countSignup(`198.18.${i >> 8}.${i & 255}`)
    expectThrottled(await signUp('Day 21', 'day-21', 'day-21@example.org', '198.51.100.9'))
  })
})

describe('an organisation that signed up within the week, and that no operator has approved', () => {
  test("mails fifty strangers a day, by whatever means; older ones, approved ones and an operator's are free", async () => {
    const { place, token } = await signUpOrganization('Fresh Ltd', 'fresh')
    for (let i = 0; i < 48; i++) await world.app.limits.countYoungMails(place.id, 1)
    expect((await inviteFrom(place, token, 'first@example.org')).status).toBe(201)
    const invited = (await place.call(`${api}/invitations/`, { token })).json.results[0]
    expect((await addByMail(place, token, 'second@example.org')).status).toBe(201)

    expectThrottled(await inviteFrom(place, token, 'third@example.org'))
    expectThrottled(await addByMail(place, token, 'third@example.org'))
    expectThrottled(await place.call(`${api}/invitations/${invited.id}/resend/`, { method: 'POST', token }))
    const bulk = await place.call(`${api}/invitations/bulk/`, {
      token,
      body: { invitations: [{ email: 'third@example.org' }] },
    })
    expect(bulk.json.results).toMatchObject([{ status: 'failed' }])
    expectThrottled(
      await place.call(`${api}/users/import/`, {
        method: 'POST',
        token,
        body: 'email\r\nthird@example.org\r\n',
        headers: { 'content-type': 'text/csv' },
      }),
    )
    expect(await mailsTo(world, place, 'third@example.org')).toEqual([])

    const {
      db,
      tables: { tenants, signups },
    } = world.app.database.platform
    await db.update(signups).set({ approved_at: new Date() }).where(eq(signups.tenant, place.id))
    expect((await inviteFrom(place, token, 'third@example.org')).status).toBe(201)
    await db.update(signups).set({ approved_at: null }).where(eq(signups.tenant, place.id))
    await db
      .update(tenants)
      .set({ created: sql`now() - interval '8 days'` })
      .where(eq(tenants.id, place.id))
    expect((await inviteFrom(place, token, 'fourth@example.org')).status).toBe(201)

    for (let i = 0; i < 50; i++) await world.app.limits.countYoungMails(world.globex.id, 1)
    expect((await inviteFrom(world.globex, admins.globex, 'third@example.org')).status).toBe(201)
  })

  test('imports no part of a file with more people than that, and all of one that fits', async () => {
    const { place, token } = await signUpOrganization('Filled Ltd', 'filled')
    const file = (count: number) =>
      `email\r\n${Array.from({ length: count }, (_, i) => `row-${i}@example.org\r\n`).join('')}`
    const bring = (count: number) =>
      place.call(`${api}/users/import/`, {
        method: 'POST',
        token,
        body: file(count),
        headers: { 'content-type': 'text/csv' },
      })
    expectThrottled(await bring(51))
    expect((await place.call(`${api}/users/`, { token })).json.count).toBe(1)
    expect((await bring(50)).json).toMatchObject({ created: 50 })
    expectThrottled(await bring(51))
  })
})

describe('a mail to somebody who may not know the organisation', () => {
  const lure = 'Free gift at http://evil.example/win or www.evil.example, evil.example/a evil.co.uk'

  test('says through whom it comes, and quotes the organisation', async () => {
    await inviteFrom(world.acme, admins.acme, 'quoted@example.org')
    const mail = await lastMailTo(world, world.acme, 'quoted@example.org', /^Join “Acme Ltd” via localhost$/)
    expect(mail.from).toBe('"Acme Ltd via localhost" <no-reply@localhost>')
    expect(mail.text).toContain('“Acme Ltd”')
    expect(mail.text).toContain('Sent via localhost')
    for (const [kind, subject, send] of [
      [
        'activation',
        'Activate your account at “Acme Ltd” via localhost',
        (to: string) => register(world.acme, to, '198.51.100.10'),
      ],
      ['welcome', 'Your account at “Acme Ltd” via localhost', (to: string) => addByMail(world.acme, admins.acme, to)],
    ] as const) {
      await send(`${kind}@example.org`)
      expect((await lastMailTo(world, world.acme, `${kind}@example.org`, /via/)).subject).toBe(subject)
    }
  })

  test('has no link that somebody wrote into a name, and a name of a bounded length', async () => {
    const { place, token } = await signUpOrganization(lure, 'lure')
    const confirmation = await lastMailTo(
      world,
      sitePlace(world),
      'boss@lure.test',
      /^Confirm the sign-up of “Free gift/,
    )
    await place.call(`${auth}/users/me/`, {
      method: 'PATCH',
      token,
      body: { first_name: 'Call http://evil.example/now', last_name: 'x'.repeat(150) },
    })
    const department = (await place.call(`${api}/departments/`, { token, body: { name: 'see evil.example/win' } })).json
      .id
    await place.call(`${api}/invitations/`, { token, body: { email: 'lured@example.org', department } })
    const invitation = await lastMailTo(world, place, 'lured@example.org', /^Join “Free gift/)
    for (const mail of [confirmation, invitation]) {
      for (const part of [mail.subject, mail.from, mail.text, mail.html])
        expect(part).not.toMatch(/evil\.|www\.|http:\/\/e|x{61}/)
      expect([...mail.subject].length).toBeLessThan(120)
      for (const link of mail.links) expect(new URL(link).hostname).toMatch(/^(?:lure\.)?localhost$/)
    }
  })
})

function tenantRealm(place: Place): TenantRealm {
  return (realmOf(world.app, place) as AuthRealm<TenantRealm>).realm
}

function register(place: Place, email: string, address: string): Promise<Answer> {
  return place.call(`${auth}/users/`, { body: { email, password, ...names }, headers: { 'x-forwarded-for': address } })
}

async function admitsRegistration(place: Place, address: string): Promise<boolean> {
  return world.app.limits.admitRegistration(place.schema, address, `${newId()}@example.org`).then(
    () => true,
    () => false,
  )
}

function signUp(name: string, subdomain: string, email: string, address: string): Promise<Answer> {
  return world.call('localhost', `${api}/signup/`, {
    body: { name, subdomain, email },
    headers: { 'x-forwarded-for': address },
  })
}

/**
 * Signs an organisation up, as a visitor does.
 * @returns it, and its first Admin's access token
 */
async function signUpOrganization(name: string, subdomain: string): Promise<{ place: Place; token: string }> {
  const email = `boss@${subdomain}.test`
  expect((await signUp(name, subdomain, email, '198.51.100.11')).status).toBe(202)
  const { links } = await lastMailTo(world, sitePlace(world), email, /sign-up/)
  const { json } = await world.call('localhost', `${api}/signup/confirmation/`, {
    body: { token: links[0]!.split('/').at(-1) },
  })
  const [uid, token] = json.password_link.split('/').slice(-2)
  const host = `${subdomain}.localhost`
  expect(
    (await world.call(host, `${auth}/users/reset_password_confirm/`, { body: { uid, token, new_password: password } }))
      .status,
  ).toBe(204)
  const {
    db,
    tables: { tenants },
  } = world.app.database.platform
  const [tenant] = await db
    .select({ id: tenants.id, schema: tenants.schema })
    .from(tenants)
    .where(eq(tenants.subdomain, subdomain))
  const admin: Person = { id: newId(), email, password }
  const place: Place = {
    ...tenant!,
    host,
    origin: `http://${host}:${world.port}`,
    admin,
    staff: admin,
    call: (path, options) => world.call(host, path, options),
  }
  return { place, token: (await signInAs(place, admin)).access }
}

function inviteFrom(place: Place, token: string, email: string): Promise<Answer> {
  return place.call(`${api}/invitations/`, { token, body: { email } })
}

function addByMail(place: Place, token: string, email: string): Promise<Answer> {
  return place.call(`${auth}/users/`, { token, body: { email, ...names } })
}

/** Resets the limits whose rules have such a name. */
async function forget(rules: string): Promise<void> {
  const { db } = world.app.database.platform
  await db.execute(sql`delete from platform.rate_limits where ${like(sql`key`, rules)}`)
}

function expectThrottled(answer: Answer): void {
  const wait = Number(answer.headers['retry-after'])
  expect(wait).toBeGreaterThan(0)
  expect([answer.status, answer.json]).toEqual([
    429,
    { detail: `Request was throttled. Expected available in ${wait} second${wait === 1 ? '' : 's'}.` },
  ])
}
