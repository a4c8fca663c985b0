import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadMigrations } from '#server/database/migrations/files.ts'
import { platformAuthRealm } from '#server/domain/auth-realm.ts'
import { fromSystem } from '#server/domain/context.ts'
import { examine } from '#server/domain/platform/doctor.ts'
import { deleteExpiredSignups } from '#server/domain/signups/signups.ts'
import { createUser } from '#server/domain/users/create.ts'
import { lastMailTo, linkParts, mailsTo, sitePlace } from '../../support/data/mails.ts'
import type { Answer, Call } from '../../support/http.ts'
import { call } from '../../support/http.ts'
import type { SecondServer } from '../../support/process/second-server.ts'
import { startBeside } from '../../support/process/second-server.ts'
import type { World } from '../../support/world.ts'
import { addPerson, api, auth, createWorld, signInAs } from '../../support/world.ts'

const confirmSubject = /^Confirm the sign-up of /
const proxied = { TRUSTED_PROXIES: '127.0.0.1' }

let world: World
let approval: SecondServer
let closed: SecondServer
beforeAll(async () => {
  world = await createWorld({ ...proxied, SIGNUP: 'open', POOL_SIZE: '2' })
  approval = await startBeside(world, { SIGNUP: 'approval' })
  closed = await startBeside(world, { SIGNUP: 'closed' })
})
afterAll(async () => {
  await Promise.all([approval, closed].map(server => server.stop()))
  await world.stop()
})

describe('signing up, where it is open', () => {
  test('creates an organisation when the address is confirmed, with the requester as its first Admin', async () => {
    const person = { first_name: 'Peter', last_name: 'Gibbons' }
    const asked = { name: 'Initech GmbH', subdomain: 'Initech', email: 'Peter@Example.com', language: 'ar', ...person }
    const answer = await signUp(asked)
    expect([answer.status, answer.json]).toEqual([202, {}])
    expect(await tenantsAt('initech')).toHaveLength(0)

    const token = await tokenFor('peter@example.com', /Initech GmbH/)
    const progress = await site('signup/lookup/', { body: { token } })
    expect([progress.status, progress.json]).toEqual([
      200,
      { state: 'unconfirmed', name: 'Initech GmbH', subdomain: 'initech', url: null, password_link: null },
    ])
    const confirmed = await confirm(token)
    expect(confirmed.status).toBe(200)
    expect(confirmed.json).toEqual({
      state: 'made',
      name: 'Initech GmbH',
      subdomain: 'initech',
      url: `http://initech.localhost:${world.port}`,
      password_link: expect.stringContaining(`http://initech.localhost:${world.port}/auth/password/reset/`),
    })

    const password = 'the printer is out of paper'
    const set = await world.call('initech.localhost', `${auth}/users/reset_password_confirm/`, {
      body: { ...linkParts(confirmed.json.password_link), new_password: password },
    })
    expect(set.status).toBe(204)
    const signedIn = await world.call('initech.localhost', `${auth}/jwt/create/`, {
      body: { email: 'peter@example.com', password },
    })
    expect(signedIn.status).toBe(200)
    const me = await world.call('initech.localhost', `${auth}/users/me/`, { token: signedIn.json.access })
    const [tenant] = await tenantsAt('initech')
    expect(me.json).toMatchObject({
      ...person,
      email: 'peter@example.com',
      role: 'Admin',
      is_active: true,
      organization: tenant!.id,
    })
    // Users of other organisations are not in it, nor the other way round.
    for (const place of [world.acme, world.globex, world.console]) {
      expect((await place.call(`${auth}/users/me/`, { token: signedIn.json.access })).status).toBe(401)
      const { access } = await signInAs(place, place.admin)
      expect((await world.call('initech.localhost', `${auth}/users/me/`, { token: access })).status).toBe(401)
    }
    const { settings } = world.app.database.tenant(tenant!.schema).tables
    expect(
      await world.app.database.tenant(tenant!.schema).db.select({ language: settings.language }).from(settings),
    ).toEqual([{ language: 'ar' }])
  })

  test("is not confirmed by reading the link's page, by whatever method a scanner reads it, RST-12", async () => {
    const token = await asked('scanned')
    for (const method of ['GET', 'HEAD']) {
      const page = await site(`/signup/confirm/${token}`, { method, accept: 'text/html' })
      expect([page.status, page.headers['referrer-policy']]).toEqual([200, 'no-referrer'])
    }
    await site('signup/lookup/', { body: { token } })
    expect(await tenantsAt('scanned')).toHaveLength(0)
    expect((await confirm(token)).json.state).toBe('made')
  })

  test("a second time with the same link creates nothing and returns no other link, but the portal's URL", async () => {
    const token = await asked('twice')
    expect((await confirm(token)).json.password_link).toBeTruthy()
    for (const again of [
      await confirm(token),
      await confirm(token, { subdomain: 'another', name: 'Another' }),
      await site('signup/lookup/', { body: { token } }),
    ]) {
      expect([again.status, again.json]).toEqual([
        200,
        {
          state: 'made',
          name: 'twice Ltd',
          subdomain: 'twice',
          url: `http://twice.localhost:${world.port}`,
          password_link: null,
        },
      ])
    }
    expect(await tenantsAt('another')).toHaveLength(0)
  })

  test('by many concurrent clicks creates one organisation, with one link', async () => {
    const token = await asked('clicked')
    const answers = await Promise.all(Array.from({ length: 6 }, () => confirm(token)))
    expect(answers.map(({ status, json }) => [status, json.state])).toEqual(Array(6).fill([200, 'made']))
    expect(answers.filter(({ json }) => json.password_link)).toHaveLength(1)
    expect(await tenantsAt('clicked')).toHaveLength(1)
  })

  test('of one subdomain by several at once succeeds for one; the others are told, and choose another with the same link', async () => {
    const tokens = await Promise.all(
      ['one', 'two', 'three'].map((who, i) =>
        asked('contested', {
          name: `Contested ${who}`,
          email: `${who}@contested.test`,
          spelling: ['contested', 'con-tested', 'c0ntested'][i],
        }),
      ),
    )
    const answers = await Promise.all(tokens.map(token => confirm(token)))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400, 400])
    for (const loser of answers.filter(({ status }) => status === 400))
      expect(loser.json).toEqual({ subdomain: ['This subdomain is taken.'] })
    const index = answers.findIndex(({ status }) => status === 400)
    const again = await confirm(tokens[index]!, { subdomain: 'uncontested' })
    expect([again.status, again.json.subdomain]).toEqual([200, 'uncontested'])
    expect(await tenantsAt('uncontested')).toHaveLength(1)
  })

  test('with a name that was taken meanwhile reports that, and another one can be chosen', async () => {
    const tokens = await Promise.all(
      ['name-first', 'name-second'].map(subdomain => asked(subdomain, { name: 'Same Name' })),
    )
    const answers = await Promise.all(tokens.map(token => confirm(token)))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400])
    const loser = answers.findIndex(({ status }) => status === 400)
    expect(answers[loser]!.json).toEqual({ name: ['An organisation with this name already exists.'] })
    expect((await confirm(tokens[loser]!, { name: 'Another Name' })).json).toMatchObject({
      state: 'made',
      name: 'Another Name',
    })
  })

  test('leaves every organisation complete, with spare schemas or without', async () => {
    const checks = await examine(world.app, {
      platform: loadMigrations('.', 'platform'),
      tenant: loadMigrations('.', 'tenant'),
    })
    expect(checks.flatMap(({ problems }) => problems)).toEqual([])
  })
})

describe('a link of a sign-up', () => {
  test.each(['', 'x', 'A'.repeat(43), 'A'.repeat(128), '../../x', null, [], {}, 0])(
    'that is none is refused: %j',
    async token => {
      const address = newAddress()
      for (const path of ['signup/lookup/', 'signup/confirmation/']) {
        const answer = await site(path, { body: { token }, headers: { 'x-forwarded-for': address } })
        expect([answer.status, Object.keys(answer.json)]).toEqual([400, ['token']])
      }
    },
  )

  test('expires, and the sign-up is deleted some days later', async () => {
    const token = await asked('late')
    const {
      db,
      tables: { signups },
    } = world.app.database.platform
    await db
      .update(signups)
      .set({ expires_at: new Date(Date.now() - 1_000) })
      .where(eq(signups.subdomain, 'late'))
    expect([(await confirm(token)).json, (await site('signup/lookup/', { body: { token } })).status]).toEqual([
      { token: ['This link is not one of ours, or is too old.'] },
      400,
    ])
    expect(await tenantsAt('late')).toHaveLength(0)
    expect(await deleteExpiredSignups(world.app)).toBe(0)
    await db
      .update(signups)
      .set({ expires_at: new Date(Date.now() - 8 * 86_400_000) })
      .where(eq(signups.subdomain, 'late'))
    expect(await deleteExpiredSignups(world.app)).toBe(1)
  })

  test('is stored nowhere, neither in the database nor in the log', async () => {
    const token = await asked('hidden')
    const {
      db,
      tables: { signups, outbox },
    } = world.app.database.platform
    expect(
      JSON.stringify([await db.select().from(signups), await db.select().from(outbox), world.server.log]),
    ).not.toContain(token)
  })

  test("is on the site's own origin, whatever the request says of itself, RST-03", async () => {
    const email = 'origin@example.com'
    const headers = {
      'x-forwarded-host': 'evil.example',
      'x-forwarded-for': newAddress(),
      'forwarded': 'host=evil.example',
      'origin': 'https://evil.example',
      'referer': 'https://evil.example/',
    }
    const body = { name: 'Origin', subdomain: 'origin', email }
    // A forwarded host counts if it comes from our proxy; this one is unknown. HAProxy would delete it.
    const forwarded = await call(world.server.port, 'localhost', `${api}/signup/`, { body, headers })
    expect(forwarded.status).toBe(404)
    const { 'x-forwarded-host': _, ...others } = headers
    expect((await site('signup/', { body, headers: others })).status).toBe(202)
    const mail = await lastMailTo(world, sitePlace(world), email, confirmSubject)
    expect(mail.links.map(link => new URL(link).origin)).toEqual(mail.links.map(() => `http://localhost:${world.port}`))
  })

  test('can be guessed only a few times, BRU-08', async () => {
    const address = newAddress()
    const guess = () =>
      site('signup/confirmation/', { body: { token: 'A'.repeat(43) }, headers: { 'x-forwarded-for': address } })
    const statuses: number[] = []
    for (let i = 0; i < 21; i++) statuses.push((await guess()).status)
    expect(statuses).toEqual([...Array(20).fill(400), 429])
  })
})

describe('what a sign-up reveals about others', () => {
  test('is nothing of an address: one that is known here, elsewhere or nowhere is answered alike', async () => {
    const answers = await Promise.all(
      [world.acme.admin.email, 'nobody@example.com', 'peter@example.com'].map((email, i) =>
        signUp({ name: `Alike ${i}`, subdomain: `alike${'abc'[i]}`, email }),
      ),
    )
    for (const answer of answers) {
      expect([answer.status, answer.text]).toEqual([202, '{}'])
      expect(Object.keys(answer.headers)).toEqual(Object.keys(answers[0]!.headers))
    }
  })

  test('is that a subdomain is taken, at the field; so is one that was given up, and one that looks the same, NAME-04', async () => {
    const {
      db,
      tables: { tombstones, former_subdomains: former },
    } = world.app.database.platform
    const soon = new Date(Date.now() + 3_600_000)
    await db.insert(tombstones).values({
      subdomain: 'buried',
      tenant: world.acme.id,
      name: 'Buried',
      schema: 't_buried_000000',
      purged_at: new Date(),
      quarantined_until: soon,
    })
    await db
      .insert(former)
      .values({ subdomain: 'old-acme', tenant: world.acme.id, created: new Date(), redirects_until: soon })
    for (const subdomain of [
      'acme',
      'ACME',
      ' acme ',
      'ac-me',
      'a-c-m-e',
      'gl0bex',
      'g1obex',
      'buried',
      'bur-ied',
      'old-acme',
      'oldacme',
      'o1d-acme',
    ]) {
      const answer = await signUp({ name: 'Taken', subdomain, email: 'taken@example.com' })
      expect([subdomain, answer.status, answer.json]).toEqual([
        subdomain,
        400,
        { subdomain: ['This subdomain is taken.'] },
      ])
    }
    await db.update(tombstones).set({ quarantined_until: new Date(Date.now() - 1_000) })
    expect((await signUp({ name: 'Risen', subdomain: 'buried', email: 'risen@example.com' })).status).toBe(202)
  })

  test.each([
    'www',
    'api',
    'admin',
    'app',
    'console',
    'CONSOLE',
    'c0nsole',
    'con-sole',
    'static',
    'assets',
    'mail',
    'ns1',
    'localhost',
    '_nuxt',
    'public',
    'auth',
    'operator',
    'status',
    'cdn',
    'ftp',
    'test',
    'dev',
    'pg_catalog',
    'pg_toast',
    'information_schema',
    'drizzle',
    'platform',
    'PLATFORM',
    '-a',
    'a-',
    'xn--acme',
    'a',
    'x'.repeat(64),
    'x'.repeat(41),
    'a.b',
    'a_b',
    'аcme',
    'acme\0',
    'ac me',
    '',
    null,
    7,
    ['acme'],
    { a: 1 },
  ])('is not had under a name that is reserved or no label, NAME-01 to 03: %j', async subdomain => {
    const answer = await signUp({ name: 'Reserved', subdomain, email: 'reserved@example.com' })
    expect([answer.status, Object.keys(answer.json)]).toEqual([400, ['subdomain']])
    if (typeof subdomain === 'string') {
      const asked = await site(`signup/subdomain/?subdomain=${encodeURIComponent(subdomain.slice(0, 63))}`, {
        headers: { 'x-forwarded-for': newAddress() },
      })
      expect(asked.json.available ?? false).toBe(false)
    }
  })

  test.each(['123', 'a--b', 'x2', 'x'.repeat(40)])('%s is a label like any other', async subdomain => {
    expect(
      (await signUp({ name: `Label ${subdomain}`, subdomain, email: `label-${subdomain.length}@example.com` })).status,
    ).toBe(202)
  })

  test('is asked of no more than ten times from one place', async () => {
    const headers = { 'x-forwarded-for': newAddress() }
    const statuses: number[] = []
    for (let i = 0; i < 12; i++)
      statuses.push(
        (
          await site('signup/', {
            body: {
              name: `Flood ${i}`,
              subdomain: `flood${String.fromCharCode(97 + i)}`,
              email: `flood${i}@example.com`,
            },
            headers,
          })
        ).status,
      )
    expect(statuses).toEqual([...Array(10).fill(202), 429, 429])
  })

  test('is limited to three mails to one mailbox, which is not revealed, RST-15', async () => {
    for (let i = 0; i < 6; i++)
      expect(
        (
          await signUp({
            name: `Bombed ${i}`,
            subdomain: `bombed${String.fromCharCode(97 + i)}`,
            email: 'bombed@example.com',
          })
        ).status,
      ).toBe(202)
    expect(await mailsTo(world, sitePlace(world), 'bombed@example.com')).toHaveLength(3)
  })

  test('other fields are ignored and never stored, AZ-04', async () => {
    const answer = await site('signup/', {
      headers: { 'x-forwarded-for': newAddress() },
      body: {
        name: 'Greedy',
        subdomain: 'greedy',
        email: 'greedy@example.com',
        tenant: world.acme.id,
        confirmed_at: '2020-01-01',
        approved_at: '2020-01-01',
        id: world.acme.id,
        token_hash: 'x',
        role: 'Operator',
      },
    })
    expect(answer.status).toBe(202)
    const {
      db,
      tables: { signups },
    } = world.app.database.platform
    const [row] = await db.select().from(signups).where(eq(signups.subdomain, 'greedy'))
    expect(row).toMatchObject({ tenant: null, confirmed_at: null, approved_at: null })
    expect([row!.id === world.acme.id, row!.token_hash === 'x']).toEqual([false, false])
  })
})

describe('a subdomain that one asks about', () => {
  const ask = async (query: string) =>
    (await site(`signup/subdomain/?${query}`, { headers: { 'x-forwarded-for': newAddress() } })).json

  test('is made of the name, with a different one if it is not free', async () => {
    expect(await ask('name=Hooli%20Inc.')).toEqual({ subdomain: 'hooli', available: true, suggestion: null })
    expect(await ask('name=M%C3%BCller%20%26%20S%C3%B8nner')).toEqual({
      subdomain: 'muller-and-sonner',
      available: true,
      suggestion: null,
    })
    expect(await ask('name=Acme%20Ltd')).toEqual({ subdomain: 'acme', available: false, suggestion: 'acme-team' })
    expect(await ask('name=%D8%B4%D8%B1%D9%83%D8%A9')).toEqual({ subdomain: '', available: false, suggestion: null })
  })

  test('is alike not available whether it is taken, reserved, kept or looks like one that is', async () => {
    for (const subdomain of ['globex', 'www', 'g1obex', 'giobex', 'glo-bex', 'acrne', 'old-acme'])
      expect(await ask(`subdomain=${subdomain}`)).toEqual({
        subdomain,
        available: false,
        suggestion: expect.any(String),
      })
    expect(await ask('subdomain=free-one')).toEqual({ subdomain: 'free-one', available: true, suggestion: null })
  })

  test('is asked about no more often than someone types', async () => {
    const headers = { 'x-forwarded-for': newAddress() }
    const answers = await Promise.all(
      Array.from({ length: 130 }, () => site('signup/subdomain/?subdomain=acme', { headers })),
    )
    expect(answers.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(120)
    expect(answers.some(({ status }) => status === 429)).toBe(true)
  })
})

describe('signing up, where an operator decides', () => {
  let operator: string
  beforeAll(async () => {
    operator = (await signInAs(world.console, world.console.admin)).access
  })

  test('waits, and reserves its subdomain meanwhile; operators are notified by mail', async () => {
    await waiting('waiting')
    expect(await tenantsAt('waiting')).toHaveLength(0)
    expect((await signUp({ name: 'Late', subdomain: 'wait-ing', email: 'late@example.com' })).json).toEqual({
      subdomain: ['This subdomain is taken.'],
    })
    const mail = await lastMailTo(world, world.console, world.console.admin.email, /^waiting Ltd is pending approval/)
    expect(mail.links).toContain(`${world.console.origin}/signups`)
  })

  test('is approved on the console: the organisation is made, and its Admin gets a mail to choose a password', async () => {
    const id = await waiting('approved')
    const answers = await Promise.all(Array.from({ length: 3 }, () => decide(id, 'approval')))
    for (const answer of answers)
      expect([answer.status, answer.json.state, answer.json.decided_by]).toEqual([200, 'made', world.console.admin.id])
    const [tenant] = await tenantsAt('approved')
    expect(answers.map(({ json }) => json.tenant)).toEqual(Array(3).fill(tenant!.id))
    const mails = await mailsTo(world, { ...world.console, id: tenant!.id }, 'boss@approved.test')
    expect(mails.map(({ subject }) => subject)).toEqual(['approved Ltd is ready'])
    const link = mails[0]!.links.find(link => link.includes('/auth/password/reset/'))!
    expect(new URL(link).hostname).toBe('approved.localhost')
    const set = await world.call('approved.localhost', `${auth}/users/reset_password_confirm/`, {
      body: { ...linkParts(link), new_password: 'a perfectly fine phrase' },
    })
    expect(set.status).toBe(204)
    expect((await decide(id, 'refusal')).json).toMatchObject({ code: 'signup_decided' })
    const events = await world.console.call(`${api}/audit/?action=signup.approved&subject=${id}`, { token: operator })
    expect(events.json.results).toMatchObject([{ actor: world.console.admin.id }])
    expect(events.json.count).toBe(1)
  })

  test('is refused with a reason, by mail and once, and its subdomain is free again', async () => {
    const id = await waiting('refused')
    for (let i = 0; i < 2; i++) {
      const answer = await decide(id, 'refusal', { reason: 'We know <b>nobody</b> of that name.' })
      expect([answer.status, answer.json.state]).toEqual([200, 'refused'])
    }
    const mails = await mailsTo(world, sitePlace(world), 'boss@refused.test')
    expect(mails.map(({ subject }) => subject)).toEqual([
      expect.stringMatching(confirmSubject),
      'About the sign-up of refused Ltd',
    ])
    expect(mails[1]!.text).toContain('We know <b>nobody</b> of that name.')
    expect(mails[1]!.html).not.toContain('<b>nobody')
    const after = await decide(id, 'approval')
    expect([after.status, after.json]).toEqual([409, { detail: 'The sign-up was refused.', code: 'signup_decided' }])
    expect((await signUp({ name: 'Refused again', subdomain: 'refused', email: 'again@example.com' })).status).toBe(202)
  })

  test('is approved and refused at once by two operators: one decision takes effect, completely', async () => {
    const id = await waiting('disputed')
    const answers = await Promise.all([decide(id, 'approval'), decide(id, 'refusal')])
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409])
    expect(await tenantsAt('disputed')).toHaveLength(answers[0]!.status === 200 ? 1 : 0)
  })

  test('cannot be decided before it is confirmed, nor where there is none', async () => {
    await asked('early')
    const list = await world.console.call(`${api}/signups/?search=early&state=unconfirmed`, { token: operator })
    expect(list.json.results).toMatchObject([{ subdomain: 'early', state: 'unconfirmed', email: 'boss@early.test' }])
    for (const id of [list.json.results[0].id, world.acme.id, 'x', '%00']) {
      for (const decision of ['approval', 'refusal'] as const) expect((await decide(id, decision)).status).toBe(404)
    }
  })

  test('is listed for operators, by state, without a hash of a token', async () => {
    const all = await world.console.call(`${api}/signups/?page_size=100&ordering=subdomain`, { token: operator })
    expect(all.status).toBe(200)
    expect(all.text).not.toMatch(/token|hash/)
    expect(new Set(all.json.results.map(({ state }: { state: string }) => state))).toEqual(
      new Set(['unconfirmed', 'waiting', 'made', 'refused']),
    )
    const waits = await world.console.call(`${api}/signups/?state=waiting`, { token: operator })
    expect(waits.json.results.map(({ subdomain }: { subdomain: string }) => subdomain)).toEqual(['waiting'])
    expect((await world.console.call(`${api}/signups/?state=lost`, { token: operator })).status).toBe(400)
    expect((await world.console.call(`${api}/signups/?ordering=token_hash`, { token: operator })).status).toBe(400)
  })

  test('is decided and seen by operators alone, AZ-20', async () => {
    const id = await waiting('private')
    const { access } = await signInAs(world.acme, world.acme.admin)
    const reader = await addOperator('reader@example.com')
    for (const [method, path] of [
      ['GET', 'signups/'],
      ['PUT', `signups/${id}/approval/`],
      ['PUT', `signups/${id}/refusal/`],
    ] as const) {
      const at = (host: string, token?: string) => world.call(host, `${api}/${path}`, { method, token })
      expect([
        (await at('console.localhost')).status,
        (await at('console.localhost', access)).status,
        (await at('console.localhost', reader)).status,
      ]).toEqual([401, 401, 403])
      expect([(await at('acme.localhost', access)).status, (await at('localhost')).status]).toEqual([404, 404])
    }
  })

  /** @returns the id of a confirmed sign-up that waits for approval */
  async function waiting(subdomain: string): Promise<string> {
    const token = await asked(subdomain)
    const answer = await call(approval.port, 'localhost', `${api}/signup/confirmation/`, {
      body: { token },
      headers: { 'x-forwarded-for': newAddress() },
    })
    expect([answer.status, answer.json]).toEqual([
      200,
      { state: 'waiting', name: `${subdomain} Ltd`, subdomain, url: null, password_link: null },
    ])
    const {
      db,
      tables: { signups },
    } = world.app.database.platform
    const rows = await db.select({ id: signups.id }).from(signups).where(eq(signups.subdomain, subdomain))
    return rows[0]!.id
  }

  function decide(id: string, decision: 'approval' | 'refusal', body?: object): Promise<Answer> {
    return world.console.call(`${api}/signups/${id}/${decision}/`, {
      method: 'PUT',
      token: operator,
      ...(body && { body }),
    })
  }

  async function addOperator(email: string): Promise<string> {
    const password = 'only ever looking on'
    await createUser(
      world.app,
      platformAuthRealm(world.app.database, world.console.origin),
      { email, password, role: 'Staff' },
      fromSystem,
    )
    return (await signInAs(world.console, { id: '', email, password })).access
  }
})

describe('signing up, where it is closed', () => {
  const at = (path: string, options?: Call) =>
    call(closed.port, 'localhost', `${api}/${path}`, { ...options, headers: { 'x-forwarded-for': newAddress() } })

  test('is reported as closed, and nothing is created or sent', async () => {
    expect((await at('signup/')).json).toEqual({ policy: 'closed', base_domain: 'localhost', mailbox: false })
    const answer = await at('signup/', { body: { name: 'Shut', subdomain: 'shut', email: 'shut@example.com' } })
    expect([answer.status, answer.json]).toEqual([
      403,
      { detail: 'New organisations cannot be signed up here.', code: 'signup_closed' },
    ])
    expect(await mailsTo(world, sitePlace(world), 'shut@example.com')).toEqual([])
  })

  test('is closed for a link from before too', async () => {
    const token = await asked('before')
    expect((await at('signup/confirmation/', { body: { token } })).json.code).toBe('signup_closed')
    expect(await tenantsAt('before')).toHaveLength(0)
  })
})

describe('on another surface', () => {
  test.each(['signup/', 'signup/lookup/', 'signup/confirmation/', 'signup/subdomain/', 'tenants/info/mail/'])(
    'there is no %s',
    async path => {
      for (const place of [world.acme, world.console])
        for (const options of [{}, { body: {} }])
          expect([404, 405]).toContain((await place.call(`${api}/${path}`, options)).status)
    },
  )
})

describe("finding one's organisation", () => {
  const find = (body: object, address = newAddress()) =>
    site('tenants/info/', { body, headers: { 'x-forwarded-for': address } })

  test('is by its id or its subdomain, in whatever case', async () => {
    const [acme] = await tenantsAt('acme')
    const expected = { name: 'Acme Ltd', subdomain: 'acme', url: world.acme.origin }
    for (const body of [
      { tenant_id: acme!.tenant_id },
      { tenant_id: acme!.tenant_id.toLowerCase() },
      { subdomain: 'acme' },
      { subdomain: 'ACME' },
      { tenant_id: 'acme', subdomain: 'acme' },
      { tenant_id: acme!.tenant_id, subdomain: 'globex' },
    ]) {
      expect([(await find(body)).json]).toEqual([expected])
    }
    for (const body of [{ subdomain: 'nobody' }, { tenant_id: 'XXX-0000' }, { subdomain: '%' }, { subdomain: '_cme' }])
      expect((await find(body)).status).toBe(404)
    expect((await find({})).json).toEqual({ tenant_id: ['This field is required.'] })
  })

  test("by mail lists those where the address is an active user's, in the language of the page", async () => {
    await addPerson(world, world.acme, 'both@example.com')
    await addPerson(world, world.globex, 'both@example.com')
    await addPerson(world, world.acme, 'one@example.com')
    await addPerson(world, world.globex, 'one@example.com', { is_active: false })
    expect((await byMail('BOTH@example.com')).status).toBe(204)
    expect((await byMail('one@example.com', 'ar')).status).toBe(204)
    const both = await lastMailTo(world, sitePlace(world), 'both@example.com', /^Your organisations$/)
    expect(both.links.slice(0, 2)).toEqual([world.acme.origin, world.globex.origin])
    const one = await lastMailTo(world, sitePlace(world), 'one@example.com', /^مؤسساتك$/)
    expect([one.links.includes(world.acme.origin), one.links.includes(world.globex.origin)]).toEqual([true, false])
  })

  test('by mail reveals nothing: the same answer, and no mail to an unknown address', async () => {
    const [known, unknown] = [await byMail(world.acme.staff.email), await byMail('stranger@example.com')]
    expect([known.status, known.text]).toEqual([204, ''])
    expect([unknown.status, unknown.text, Object.keys(unknown.headers)]).toEqual([204, '', Object.keys(known.headers)])
    expect(await mailsTo(world, sitePlace(world), 'stranger@example.com')).toEqual([])
    const {
      db,
      tables: { outbox },
    } = world.app.database.platform
    expect(await db.$count(outbox, eq(outbox.recipient, 'stranger@example.com'))).toBe(0)
  })

  test('by mail skips an organisation whose schema is broken', async () => {
    const {
      db,
      tables: { tenants },
    } = world.app.database.platform
    await db.update(tenants).set({ schema: 't_gone_000000' }).where(eq(tenants.subdomain, 'twice'))
    await addPerson(world, world.acme, 'past@example.com')
    expect((await byMail('past@example.com')).status).toBe(204)
    expect(await mailsTo(world, sitePlace(world), 'past@example.com')).toHaveLength(1)
  })

  test('by mail is asked for a few times only, from one place and for one mailbox', async () => {
    const { email } = await addPerson(world, world.acme, 'impatient@example.com')
    const headers = { 'x-forwarded-for': newAddress() }
    const statuses: number[] = []
    for (let i = 0; i < 11; i++) statuses.push((await site('tenants/info/mail/', { body: { email }, headers })).status)
    expect(statuses).toEqual([...Array(10).fill(204), 429])
    expect(await mailsTo(world, sitePlace(world), email)).toHaveLength(3)
  })

  function byMail(email: string, language?: string): Promise<Answer> {
    return site('tenants/info/mail/', { body: { email, language }, headers: { 'x-forwarded-for': newAddress() } })
  }
})

let lastAddress = 0

/** An address that no test has used yet. */
function newAddress(): string {
  lastAddress++
  return `198.18.${lastAddress >> 8}.${lastAddress & 255}`
}

/** @param path below the API, or an absolute path */
function site(path: string, options?: Call): Promise<Answer> {
  return world.call('localhost', path.startsWith('/') ? path : `${api}/${path}`, options)
}

function signUp(body: object): Promise<Answer> {
  return site('signup/', { body, headers: { 'x-forwarded-for': newAddress() } })
}

function confirm(token: string, change: object = {}): Promise<Answer> {
  return site('signup/confirmation/', { body: { token, ...change }, headers: { 'x-forwarded-for': newAddress() } })
}

/**
 * Signs up and reads the mail.
 * @returns the token of its link
 */
async function asked(
  subdomain: string,
  {
    name = `${subdomain} Ltd`,
    email = `boss@${subdomain}.test`,
    spelling = subdomain,
  }: { name?: string; email?: string; spelling?: string } = {},
): Promise<string> {
  expect((await signUp({ name, subdomain: spelling, email })).status).toBe(202)
  return tokenFor(email, new RegExp(name))
}

async function tokenFor(email: string, subject: RegExp): Promise<string> {
  const mail = await lastMailTo(world, sitePlace(world), email, subject)
  return new URL(mail.links[0]!).pathname.split('/').at(-1)!
}

function tenantsAt(subdomain: string) {
  const {
    db,
    tables: { tenants },
  } = world.app.database.platform
  return db
    .select({ id: tenants.id, schema: tenants.schema, tenant_id: tenants.tenant_id })
    .from(tenants)
    .where(eq(tenants.subdomain, subdomain))
}
