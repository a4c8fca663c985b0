import { randomUUID } from 'node:crypto'
import { connect } from 'node:net'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadMigrations } from '#server/database/migrations/files.ts'
import { keyRequest } from '#server/domain/idempotency/derive.ts'
import { cleanUp } from '#server/domain/platform/retention.ts'
import { ageKeys } from '../../support/data/old-keys.ts'
import { hold } from '../../support/database/hold.ts'
import type { Answer, Call } from '../../support/http.ts'
import type { SecondServer } from '../../support/process/second-server.ts'
import { startBeside } from '../../support/process/second-server.ts'
import { addOperator } from '../../support/data/operators.ts'
import type { Place, World } from '../../support/world.ts'
import { addPerson, api, auth, createWorld, signInAs } from '../../support/world.ts'

let world: World
let other: SecondServer
let sql: postgres.Sql
let portals: Place[]
const tokens = new Map<Place, string>()
beforeAll(async () => {
  world = await createWorld()
  other = await startBeside(world)
  sql = postgres(world.env.DATABASE_URL!, { max: 4, onnotice: () => {} })
  portals = [world.acme, world.globex]
  for (const place of [...portals, world.console]) tokens.set(place, (await signInAs(place, place.admin)).access)
})
afterAll(async () => {
  await other.stop()
  await sql.end()
  await world.stop()
})

describe('a repetition with the same Idempotency-Key', () => {
  test.each<[what: string, path: string, body: () => unknown, countIn: (place: Place) => Promise<number>]>([
    ['a department', 'departments/', () => ({ name: `Dept ${randomUUID()}` }), place => countIn(place, 'departments')],
    ['a user', 'auth/users/', () => ({ email: newEmail(), first_name: 'Ada' }), place => countIn(place, 'users')],
    ['an invitation', 'invitations/', () => ({ email: newEmail() }), place => countIn(place, 'invitations')],
    [
      'many invitations',
      'invitations/bulk/',
      () => ({ invitations: [{ email: newEmail() }, { email: newEmail() }] }),
      place => countIn(place, 'invitations'),
    ],
  ])('creates no second one: %s', async (_, path, bodyOf, count) => {
    for (const place of portals) {
      const options = keyed(place, bodyOf())
      const first = await place.call(`${api}/${path}`, options)
      expect([200, 201]).toContain(first.status)
      const [counted, mails] = [await count(place), await countMails()]
      for (const repeated of [
        await place.call(`${api}/${path}`, options),
        await other.at(place, `${api}/${path}`, options),
      ])
        expect(repeated).toMatchObject(answerOf(first))
      expect([await count(place), await countMails()]).toEqual([counted, mails])
    }
  })

  test('mails no second time, and imports no file twice', async () => {
    const { acme } = world
    const { id } = (await acme.call(`${api}/invitations/`, keyed(acme, { email: newEmail() }))).json
    const person = await addPerson(world, acme, newEmail())
    const file = `email,first_name\n${newEmail()},Ida\n`
    const calls: [string, Call][] = [
      [`invitations/${id}/resend/`, { ...keyed(acme), method: 'POST' }],
      ['users/bulk/', keyed(acme, { ids: [person.id], action: 'send_link' })],
      ['users/import/', keyed(acme, file, { 'content-type': 'text/csv' })],
    ]
    for (const [path, options] of calls) {
      const first = await acme.call(`${api}/${path}`, options)
      expect(first.status).toBe(200)
      const mails = await countMails()
      expect(await acme.call(`${api}/${path}`, options)).toMatchObject(answerOf(first))
      expect(await countMails()).toBe(mails)
    }
  })

  test('creates no second organisation, domain, key, operation or support access on the console', async () => {
    const { console, acme } = world
    const subdomain = `org-${randomUUID().slice(0, 8)}`
    const organization = {
      name: subdomain,
      subdomain,
      business_email: 'it@example.com',
      admin_email: 'ada@example.com',
    }
    const support = { user: acme.staff.id, reason: 'Ticket 1' }
    const calls: [path: string, body: unknown, table: string][] = [
      ['tenants/', organization, 'tenants'],
      [`tenants/${acme.id}/domains/`, { host: 'staff.example.com' }, 'domains'],
      [`tenants/${acme.id}/keys/`, {}, 'audit_events'],
      [`tenants/${acme.id}/support-accesses/`, support, 'support_accesses'],
      [`tenants/${acme.id}/exports/`, {}, 'operations'],
      ['migrations/runs/', {}, 'audit_events'],
      ['migrations/retries/', {}, 'audit_events'],
      ['jobs/purge-tenants/runs/', {}, 'audit_events'],
    ]
    for (const [path, body, table] of calls) {
      const options = keyed(console, body)
      const first = await console.call(`${api}/${path}`, options)
      expect([path, first.status]).toEqual([path, expect.toBeOneOf([201, 202])])
      const counted = await countIn(console, table)
      expect(await other.at(console, `${api}/${path}`, options)).toMatchObject(answerOf(first))
      expect(await countIn(console, table)).toBe(counted)
    }
  })

  test('gets the answer that was lost with its connection', async () => {
    for (const place of portals) {
      const body = { email: newEmail() }
      const options = keyed(place, body)
      await sendAndHangUp(place, `${api}/invitations/`, options, () => isInvited(place, body.email))
      const answer = await untilDone(() => place.call(`${api}/invitations/`, options))
      expect([answer.status, answer.json.email]).toEqual([201, body.email])
      expect(await sql`select from ${sql(place.schema)}.invitations where email = ${body.email}`).toHaveLength(1)
    }
  })

  test.each<[path: string, body: () => Record<string, string>, table: string]>([
    ['departments/', () => ({ name: `Dept ${randomUUID()}` }), 'departments'],
    ['auth/users/', () => ({ email: newEmail(), password: 'an unlikely row of words' }), 'users'],
  ])('at the same time has one effect, in all processes together: %s', async (path, bodyOf, table) => {
    for (const place of portals) {
      const options = keyed(place, bodyOf())
      const counted = await countIn(place, table)
      const answers = await Promise.all(
        Array.from({ length: 12 }, (_, i) =>
          i % 2 ? place.call(`${api}/${path}`, options) : other.at(place, `${api}/${path}`, options),
        ),
      )
      const created = answers.filter(({ status }) => status === 201)
      expect(new Set(created.map(({ text }) => text)).size).toBe(1)
      for (const { status, json } of answers.filter(answer => !created.includes(answer)))
        expect([status, json.code]).toEqual([409, 'idempotency_key_in_use'])
      expect(await countIn(place, table)).toBe(counted + 1)
      expect(await untilDone(() => place.call(`${api}/${path}`, options))).toMatchObject(answerOf(created[0]!))
    }
  })

  test.each([
    ['departments/', () => ({ name: 'Twins' })],
    ['users/import/', () => `email\n${newEmail()}\n`],
  ])('is refused while the first one is in progress: %s', async (path, bodyOf) => {
    const { globex } = world
    const body = bodyOf()
    const options = keyed(globex, body, typeof body === 'string' ? { 'content-type': 'text/csv' } : {})
    const claimed = requestOf(globex, `${api}/${path}`, options)
    const transaction = await hold(sql, tx => insertClaim(tx, globex, claimed))
    const waiting = await globex.call(`${api}/${path}`, options)
    expect([waiting.status, waiting.json.code, waiting.headers['retry-after']]).toEqual([
      409,
      'idempotency_key_in_use',
      '1',
    ])
    await transaction.release()
    expect((await globex.call(`${api}/${path}`, options)).json.code).toBe('idempotency_key_in_use')
  })

  test('is a new request after a day', async () => {
    for (const place of portals) {
      const options = keyed(place, { name: `Old ${randomUUID()}` })
      const first = await place.call(`${api}/departments/`, options)
      await ageKeys(sql, place.schema, '23 hours 59 minutes')
      expect(await place.call(`${api}/departments/`, options)).toMatchObject(answerOf(first))
      await ageKeys(sql, place.schema, '2 minutes')
      // The name is taken by now.
      expect((await place.call(`${api}/departments/`, options)).status).toBe(400)
      const changed = { ...options, body: { name: `New ${randomUUID()}` } }
      expect((await place.call(`${api}/departments/`, changed)).status).toBe(201)
    }
  })
})

describe('the same Idempotency-Key', () => {
  test('with another body, path or query is refused', async () => {
    for (const place of portals) {
      const body = { email: newEmail() }
      const options = keyed(place, body)
      const first = await place.call(`${api}/invitations/`, options)
      expect(first.status).toBe(201)
      const counted = await countIn(place, 'invitations')
      for (const [path, changed] of [
        ['invitations/', { ...body, role: 'Admin' }],
        ['auth/users/', body],
        ['departments/', { name: 'Other' }],
        ['invitations/bulk/?dry_run=true', { invitations: [body] }],
      ] as const) {
        const answer = await place.call(`${api}/${path}`, { ...options, body: changed })
        expect([answer.status, answer.json]).toEqual([
          422,
          { detail: 'This Idempotency-Key was used for another request.', code: 'idempotency_key_reused' },
        ])
      }
      expect(await countIn(place, 'invitations')).toBe(counted)
    }
  })

  test('of another user or another organisation is another key', async () => {
    const key = randomUUID()
    const ids = new Set<string>()
    for (const place of portals) {
      const second = await addPerson(world, place, newEmail(), { role: 'Admin' })
      for (const token of [tokens.get(place)!, (await signInAs(place, second)).access]) {
        const answer = await place.call(`${api}/departments/`, {
          token,
          headers: { 'idempotency-key': key },
          body: { name: `Shared ${token.slice(-20)}` },
        })
        expect(answer.status).toBe(201)
        ids.add(answer.json.id)
      }
    }
    expect(ids.size).toBe(4)
  })

  test('serves for the corrected request after a refusal, which does nothing', async () => {
    for (const place of portals) {
      const options = keyed(place, { email: 'nobody' })
      expect((await place.call(`${api}/invitations/`, options)).status).toBe(400)
      const taken = { ...options, body: { email: place.staff.email } }
      expect((await place.call(`${api}/invitations/`, taken)).status).toBe(400)
      const corrected = { ...options, body: { email: newEmail() } }
      const first = await place.call(`${api}/invitations/`, corrected)
      expect(first.status).toBe(201)
      expect(await place.call(`${api}/invitations/`, corrected)).toMatchObject(answerOf(first))
    }
  })

  test('answers nobody who may not send the request any more', async () => {
    const { acme } = world
    const leaving = await addPerson(world, acme, newEmail(), { role: 'Admin' })
    const { access: token } = await signInAs(acme, leaving)
    const options = { ...keyed(acme, { email: newEmail(), first_name: 'Mira' }), token }
    expect((await acme.call(`${auth}/users/`, options)).status).toBe(201)
    const change = (body: object) =>
      acme.call(`${auth}/users/${leaving.id}/`, { token: tokens.get(acme), method: 'PATCH', body })
    await change({ role: 'Staff' })
    const demoted = await acme.call(`${auth}/users/`, options)
    expect([demoted.status, demoted.text.includes('Mira')]).toEqual([403, false])
    await change({ is_active: false })
    expect((await acme.call(`${auth}/users/`, options)).status).toBe(401)
  })

  test('is no key of who has no credentials', async () => {
    const answer = await world.globex.call(`${auth}/users/`, {
      headers: { 'idempotency-key': 'not, a key' },
      body: { email: newEmail() },
    })
    expect([answer.status, answer.json.code]).toEqual([403, 'registration_closed'])
    const departments = { headers: { 'idempotency-key': 'not, a key' }, body: { name: 'X' } }
    expect((await world.globex.call(`${api}/departments/`, departments)).status).toBe(401)
  })

  test('has one meaning with and without quotation marks', async () => {
    const { acme } = world
    const options = keyed(acme, { name: `Quoted ${randomUUID()}` })
    const first = await acme.call(`${api}/departments/`, options)
    const quoted = { ...options.headers, 'idempotency-key': `"${options.headers['idempotency-key']}"` }
    expect(await acme.call(`${api}/departments/`, { ...options, headers: quoted })).toMatchObject(answerOf(first))
  })

  test.each(['', '""', 'two words', '"open', 'é', 'a,b', '"a";b=1', `"${'x'.repeat(256)}"`, 'x'.repeat(256)])(
    'must be a string of ASCII characters: %s',
    async value => {
      for (const place of portals) {
        const options = { ...keyed(place, { name: 'Never' }), headers: { 'idempotency-key': value } }
        const answer = await place.call(`${api}/departments/`, options)
        expect([answer.status, answer.json.code]).toEqual([400, 'idempotency_key_invalid'])
        expect(answer.json.detail).toContain('Idempotency-Key')
      }
    },
  )
})

describe('what is stored', () => {
  test('reveals neither who sent what nor the answer', async () => {
    const { acme } = world
    const body = { email: newEmail(), first_name: 'Zenobia', password: 'an unlikely row of words' }
    const options = keyed(acme, body)
    const { json } = await acme.call(`${auth}/users/`, options)
    const { key, digest } = requestOf(acme, `${auth}/users/`, options)
    const [row] =
      await sql`select to_jsonb(t)::text as text, answer from ${sql(acme.schema)}.idempotency_keys t where key = ${key} and digest = ${digest}`
    for (const secret of [...Object.values(body), json.id, acme.admin.id, options.headers['idempotency-key']])
      expect(row!.text).not.toContain(secret)
    const stored = Buffer.from(row!.answer as string, 'base64url')
    expect(stored.includes('Zenobia')).toBe(false)
  })

  test('is removed after a day, in every realm', async () => {
    for (const place of [...portals, world.console]) {
      await sql`insert into ${sql(place.schema)}.idempotency_keys values ('over', 'd', null, now() - interval '25 hours'), ('kept', 'd', null, now() - interval '23 hours')`
    }
    await cleanUp(world.app, loadMigrations('.', 'tenant'))
    for (const place of [...portals, world.console]) {
      const left = await sql`delete from ${sql(place.schema)}.idempotency_keys where digest = 'd' returning key`
      expect(left.map(({ key }) => key as string)).toEqual(['kept'])
    }
  })
})

test('a route for operators takes the key of each operator', async () => {
  const { console } = world
  const second = await addOperator(world, newEmail(), 'Admin')
  const key = { 'idempotency-key': randomUUID() }
  for (const token of [tokens.get(console)!, second.token]) {
    const subdomain = `each-${randomUUID().slice(0, 8)}`
    const body = { name: subdomain, subdomain, business_email: 'it@example.com', admin_email: 'ada@example.com' }
    const options = { token, headers: key, body }
    const first = await console.call(`${api}/tenants/`, options)
    expect(first.status).toBe(201)
    expect((await console.call(`${api}/tenants/`, options)).json.id).toBe(first.json.id)
  }
})

function newEmail(): string {
  return `p${randomUUID().slice(0, 13)}@example.com`
}

/** A request of the place's Admin with a new key. */
function keyed(place: Place, body?: unknown, headers: Record<string, string> = {}) {
  return { token: tokens.get(place)!, body, headers: { 'idempotency-key': randomUUID(), ...headers } }
}

function answerOf({ status, text, headers }: Answer) {
  return { status, text, ...(headers.etag ? { headers: { etag: headers.etag } } : {}) }
}

/** Repeats a call as a client does, while the first one is in progress. */
async function untilDone(again: () => Promise<Answer>): Promise<Answer> {
  for (;;) {
    const answer = await again()
    if (answer.json?.code !== 'idempotency_key_in_use') return answer
  }
}

/** As the server derives it. */
function requestOf(place: Place, path: string, { headers, body }: { headers: Record<string, string>; body?: unknown }) {
  const owner = { schema: place.schema, user: place.admin.id, role: 'Admin', support: null }
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return keyRequest(world.app.config.secret.current, owner, headers['idempotency-key']!, ['POST', path, text])
}

function insertClaim(tx: postgres.TransactionSql, { schema }: Place, { key, digest }: { key: string; digest: string }) {
  return tx`insert into ${tx(schema)}.idempotency_keys (key, digest, created) values (${key}, ${digest}, now())`
}

async function countIn({ schema }: Place, table: string): Promise<number> {
  return (await sql`select count(*)::int as n from ${sql(schema)}.${sql(table)}`)[0]!.n as number
}

async function countMails(): Promise<number> {
  return (await sql`select count(*)::int as n from platform.outbox`)[0]!.n as number
}

async function isInvited({ schema }: Place, email: string): Promise<boolean> {
  return (await sql`select from ${sql(schema)}.invitations where email = ${email}`).length > 0
}

/** Sends a request, and closes the connection without reading the answer when it has taken effect. */
async function sendAndHangUp(
  place: Place,
  path: string,
  { token, headers, body }: { token: string; headers: Record<string, string>; body?: unknown },
  hasHappened: () => Promise<boolean>,
): Promise<void> {
  const text = JSON.stringify(body)
  const socket = connect(world.port, '127.0.0.1')
  socket.write(
    [
      `POST ${path} HTTP/1.1`,
      `Host: ${place.host}`,
      `Authorization: Bearer ${token}`,
      `Idempotency-Key: ${headers['idempotency-key']}`,
      'Content-Type: application/json',
      `Content-Length: ${text.length}`,
      '',
      text,
    ].join('\r\n'),
  )
  await expect.poll(hasHappened, { timeout: 60_000, interval: 1 }).toBe(true)
  socket.destroy()
}
