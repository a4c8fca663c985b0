import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { and, eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fromSystem } from '#server/domain/context.ts'
import { resumeTenant, suspendTenant } from '#server/domain/tenants/lifecycle/suspension.ts'
import { createUser } from '#server/domain/users/create.ts'
import type { Person } from '../../support/database/templates.ts'
import type { Answer } from '../../support/http.ts'
import type { SecondServer } from '../../support/process/second-server.ts'
import { startBeside } from '../../support/process/second-server.ts'
import { volume } from '../../support/volume.ts'
import type { Place, World } from '../../support/world.ts'
import { addPerson, atOneProcess, auth, createWorld, realmOf, signInAs } from '../../support/world.ts'

const wrong = 'none of their passwords'
const refused = '{"detail":"No active account found with the given credentials"}'

let world: World
let inactive: Person
let invited: Person

beforeAll(async () => {
  // Behind a trusted proxy, so that each test has its own addresses.
  world = await createWorld({ TRUSTED_PROXIES: '127.0.0.1' })
  inactive = await addPerson(world, world.acme, 'inactive@example.com', { is_active: false })
  invited = await addWithoutPassword('invited@example.com')
})
afterAll(() => world.stop())

describe('the existence of an account is not revealed', () => {
  test('whatever is wrong with a sign-in, the answer is the same in status, body and headers, ENU-01', async () => {
    const address = newAddress()
    const answers = [
      await signIn(world.acme, { email: 'nobody@example.com', password: wrong }, address),
      await signIn(world.acme, { email: world.acme.staff.email, password: wrong }, address),
      await signIn(world.acme, { email: world.globex.admin.email, password: world.globex.admin.password }, address),
      await signIn(world.acme, inactive, address),
      await signIn(world.acme, { ...inactive, password: wrong }, address),
      await signIn(world.acme, { ...invited, password: wrong }, address),
      await signIn(world.acme, { email: 'no address at all', password: wrong }, address),
    ]
    for (const answer of answers) {
      expect([answer.status, answer.text]).toEqual([401, refused])
      expect(lastingHeaders(answer)).toEqual(lastingHeaders(answers[0]!))
    }
  })

  test("the same for a browser's sign-in, which sets no cookie", async () => {
    const address = newAddress()
    const answers = await Promise.all(
      [
        inactive,
        { ...invited, password: wrong },
        { email: 'nobody@example.com', password: wrong },
        { ...world.acme.admin, password: wrong },
      ].map(({ email, password }) =>
        world.acme.call(`${auth}/session/`, {
          body: { email, password },
          sameOrigin: true,
          headers: { 'x-forwarded-for': address },
        }),
      ),
    )
    for (const answer of answers) {
      expect([answer.status, answer.text, answer.cookies]).toEqual([401, refused, {}])
      expect(lastingHeaders(answer)).toEqual(lastingHeaders(answers[0]!))
    }
  })

  test('at a suspended organisation every sign-in gets the same answer, even with the right password', async () => {
    await suspendTenant(world.app, world.globex.id, null, fromSystem)
    await expect
      .poll(
        async () => (await signIn(world.globex, { email: 'nobody@example.com', password: wrong }, newAddress())).status,
      )
      .toBe(403)
    const right = await signIn(world.globex, world.globex.staff, newAddress())
    const unknown = await signIn(world.globex, { email: 'nobody@example.com', password: wrong }, newAddress())
    await resumeTenant(world.app, world.globex.id, fromSystem)
    expect([right.status, right.text]).toEqual([403, unknown.text])
    expect(right.json.code).toBe('tenant_inactive')
    await expect.poll(async () => (await signIn(world.globex, world.globex.staff, newAddress())).status).toBe(200)
  })

  // bench/sign-in-timing.ts measures how equal the times are. This test compares the server's CPU time, which other
  // load does not change: a missing hash would make a difference of a factor of ten or more.
  test('every refused sign-in costs a hashing: none takes a third of the work of another, ENU-02', async () => {
    const kinds = {
      wrong: { ...world.acme.admin, password: wrong },
      unknown: { email: 'nobody@example.com', password: wrong },
      invited: { ...invited, password: wrong },
      inactive,
    }
    const work: number[] = []
    for (const credentials of Object.values(kinds)) {
      const before = await processorTicks(world.server.pid)
      for (let i = 0; i < 9; i++)
        expect((await signIn(atOneProcess(world, world.acme), credentials, newAddress())).status).toBe(401)
      work.push((await processorTicks(world.server.pid)) - before)
    }
    expect(Math.min(...work)).toBeGreaterThan(Math.max(...work) / 3)
  })

  test('registration is closed in the same words for an address that is taken and one that is not, ENU-03', async () => {
    const [taken, free] = await Promise.all(
      [world.acme.staff.email, 'free@example.com'].map(email =>
        world.acme.call(`${auth}/users/`, { body: { email, password: 'a perfectly fine phrase' } }),
      ),
    )
    expect([taken!.status, taken!.json]).toEqual([
      403,
      { detail: 'Registration is by invitation.', code: 'registration_closed' },
    ])
    expect([free!.status, free!.text]).toEqual([403, taken!.text])
    expect(lastingHeaders(free!)).toEqual(lastingHeaders(taken!))
  })

  test('an Admin is told that an address is taken at home, and never that it is elsewhere', async () => {
    await addPerson(world, world.globex, 'only-at-globex@example.com')
    const { access } = await signInAs(world.acme, world.acme.admin)
    const create = (email: string) =>
      world.acme.call(`${auth}/users/`, { token: access, body: { email, password: 'a perfectly fine phrase' } })
    expect((await create('BEN@example.com')).json).toEqual({ email: ['A user with this email already exists.'] })
    expect((await create('only-at-globex@example.com')).status).toBe(201)
  })

  test("Staff cannot tell another person's id from one that is nobody's or another tenant's, ENU-07", async () => {
    const { access } = await signInAs(world.acme, world.acme.staff)
    for (const method of ['GET', 'PATCH', 'PUT', 'DELETE']) {
      const answers = await Promise.all(
        [world.acme.admin.id, world.globex.staff.id, randomUUID(), '1', '0', '-1', '%00', 'me2'].map(id =>
          world.acme.call(`${auth}/users/${id}/`, { method, token: access, ...(method === 'GET' ? {} : { body: {} }) }),
        ),
      )
      for (const answer of answers) {
        expect([answer.status, answer.text]).toEqual([404, '{"detail":"Not found."}'])
        expect(lastingHeaders(answer)).toEqual(lastingHeaders(answers[0]!))
      }
    }
  })

  test("ids are UUIDv7, and no tenant's follow another's", () => {
    for (const { id } of [world.acme.admin, world.acme.staff, world.globex.admin, world.globex.staff])
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(new Set([world.acme.admin.id.slice(-17), world.acme.staff.id.slice(-17)]).size).toBe(2)
  })
})

describe('the length of a password, ENU-08', () => {
  // Not one repeated letter, which another rule might reject.
  const phrase = (length: number) => 'wide ocean, slow tide; '.repeat(200).slice(0, length)

  test.each([
    [11, 400],
    [12, 201],
    [15, 201],
    [64, 201],
    [72, 201],
    [73, 201],
    [128, 201],
    [256, 201],
    [257, 400],
    [1_000, 400],
    [5_000, 400],
    [1_000_000, 413],
  ])('of %i characters is answered %i', async (length, status) => {
    const { access } = await signInAs(world.acme, world.acme.admin)
    const person = {
      email: `length-${length}@example.com`,
      password: length > 4_000 ? 'x'.repeat(length) : phrase(length),
    }
    const answer = await world.acme.call(`${auth}/users/`, { token: access, body: person })
    expect(answer.status).toBe(status)
    if (status === 201) expect((await signIn(world.acme, person, newAddress())).status).toBe(200)
    // bcrypt ignores everything after 72 bytes.
    if (length === 73)
      expect((await signIn(world.acme, { ...person, password: phrase(72) }, newAddress())).status).toBe(401)
  })
})

describe('guessing passwords', () => {
  test('ends with the tenth wrong one for an account from one address, and not for the same person elsewhere, BRU-01', async () => {
    const [address, home] = [newAddress(), newAddress()]
    for (let i = 0; i < 10; i++)
      expect((await signIn(world.acme, { ...world.acme.staff, password: wrong }, address)).status).toBe(401)
    for (const password of [wrong, world.acme.staff.password]) {
      const answer = await signIn(world.acme, { ...world.acme.staff, password }, address)
      expect(answer.status).toBe(429)
      expectThrottled(answer)
    }
    expect((await signIn(world.acme, world.acme.staff, home)).status).toBe(200)
    expect((await signIn(world.globex, world.globex.staff, address)).status).toBe(200)
    expect((await signIn(world.acme, world.acme.admin, address)).status).toBe(200)
  })

  test('is limited alike for an address that nobody has', async () => {
    const address = newAddress()
    const statuses: number[] = []
    for (let i = 0; i < 12; i++)
      statuses.push((await signIn(world.acme, { email: 'nobody-at-all@example.com', password: wrong }, address)).status)
    expect(statuses).toEqual([...Array(10).fill(401), 429, 429])
  })

  test('and for an inactive account, even with the right password', async () => {
    const address = newAddress()
    const statuses: number[] = []
    for (let i = 0; i < 12; i++) statuses.push((await signIn(world.acme, inactive, address)).status)
    expect(statuses).toEqual([...Array(10).fill(401), 429, 429])
  })

  test('under other spellings of one e-mail address is still guessing for one account', async () => {
    const address = newAddress()
    const spellings = ['ann@example.com', 'ANN@example.com', ' ann@example.com', 'Ann@Example.Com ', 'ann@EXAMPLE.com']
    for (let i = 0; i < 10; i++)
      expect((await signIn(world.acme, { email: spellings[i % 5]!, password: wrong }, address)).status).toBe(401)
    for (const email of spellings)
      expect((await signIn(world.acme, { email, password: wrong }, address)).status).toBe(429)
  })

  test("is not made easier by the client's own X-Forwarded-For", async () => {
    const address = newAddress()
    for (let i = 0; i < 10; i++)
      expect(
        (await signIn(world.acme, { ...world.acme.admin, password: wrong }, `${newAddress()}, ${address}`)).status,
      ).toBe(401)
    for (const forwarded of [address, `127.0.0.1, ${address}`, `, ,${address}`, `${'9'.repeat(500)}, ${address}`]) {
      expect((await signIn(world.acme, { ...world.acme.admin, password: wrong }, forwarded)).status).toBe(429)
    }
  })

  test('from one IPv6 network counts as one address, and from the next network it does not', async () => {
    const { id, email } = world.acme.staff
    const attempt = (address: string) => signIn(world.acme, { email, password: wrong }, address)
    for (let i = 0; i < 10; i++) expect((await attempt(`2001:db8:1:2:${i}::${i}`)).status).toBe(401)
    expectThrottled(await attempt('2001:db8:1:2:ffff:ffff:ffff:ffff'))
    expect((await attempt('2001:db8:1:3::1')).status).toBe(401)
    expect(
      (
        await world.globex.call(`${auth}/jwt/create/`, {
          body: world.globex.staff,
          headers: { 'x-forwarded-for': '2001:db8:1:2::1' },
        })
      ).status,
    ).toBe(200)
    // The audit event has the exact address.
    const {
      db,
      tables: { audit_events: events },
    } = realmOf(world.app, world.acme).realm
    expect(await db.$count(events, and(eq(events.subject, id), eq(events.ip, '2001:db8:1:2:3::3')))).toBe(1)
  })

  test('from an address of IPv4 is the same guessing where that is written as IPv6', async () => {
    const spellings = ['198.51.100.77', '::ffff:198.51.100.77', '::ffff:c633:644d', '0:0:0:0:0:FFFF:C633:644D']
    for (let i = 0; i < 10; i++)
      expect((await signIn(world.acme, { ...world.acme.staff, password: wrong }, spellings[i % 4]!)).status).toBe(401)
    for (const address of spellings)
      expectThrottled(await signIn(world.acme, { ...world.acme.staff, password: wrong }, address))
    expect((await signIn(world.acme, { ...world.acme.staff, password: wrong }, '::ffff:c633:644e')).status).toBe(401)
  })

  test('is reset by the right one: a success clears the count of account and address', async () => {
    const address = newAddress()
    const person = await addPerson(world, world.acme, 'forgetful@example.com')
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 9; i++)
        expect((await signIn(world.acme, { ...person, password: wrong }, address)).status).toBe(401)
      expect((await signIn(world.acme, person, address)).status).toBe(200)
    }
  })

  test('by many requests at once gets no further than one after the other', async () => {
    const address = newAddress()
    const answers = await Promise.all(
      Array.from({ length: 35 }, () => signIn(world.acme, { email: 'parallel@example.com', password: wrong }, address)),
    )
    const tried = answers.filter(({ status }) => status === 401).length
    expect(tried).toBeGreaterThanOrEqual(10)
    // Each process checks as many at once as it has cores.
    expect(tried).toBeLessThanOrEqual(10 - 1 + world.processes * availableParallelism())
    for (const answer of answers) expect([401, 429]).toContain(answer.status)
  })

  test('for the current password counts together with sign-ins', async () => {
    const address = newAddress()
    const person = await addPerson(world, world.acme, 'hijacked@example.com')
    const { access } = await signInAs(world.acme, person)
    const setPassword = (current_password: string) =>
      world.acme.call(`${auth}/users/set_password/`, {
        token: access,
        headers: { 'x-forwarded-for': address },
        body: { current_password, new_password: 'some new words to remember' },
      })
    for (let i = 0; i < 10; i++)
      expect((await setPassword(wrong)).json).toEqual({ current_password: ['Invalid password.'] })
    expectThrottled(await setPassword(person.password))
    expectThrottled(await signIn(world.acme, person, address))
    expectThrottled(
      await world.acme.call(`${auth}/users/me/`, {
        method: 'DELETE',
        token: access,
        headers: { 'x-forwarded-for': address },
        body: { current_password: person.password },
      }),
    )
    expect((await signIn(world.acme, person, newAddress())).status).toBe(200)
  })

  test('for many accounts from one address ends at a hundred, there and not at another tenant, BRU-05', async () => {
    const address = newAddress()
    // Attempts at other accounts: hashing their passwords would only take time.
    const earlier = volume(80, 0)
    for (let i = 0; i < earlier; i++)
      await world.app.limits.passwordAttempt(world.acme.schema, `earlier-${i}`, address).countFailure()
    for (let batch = earlier / 10; batch < 10; batch++) {
      const answers = await Promise.all(
        Array.from({ length: 10 }, (_, i) =>
          signIn(world.acme, { email: `spray-${batch}-${i}@example.com`, password: wrong }, address),
        ),
      )
      expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(401))
    }
    expectThrottled(await signIn(world.acme, { email: 'spray-last@example.com', password: wrong }, address))
    expectThrottled(await signIn(world.acme, world.acme.staff, address))
    expect((await signIn(world.globex, world.globex.staff, address)).status).toBe(200)
    expect((await signIn(world.acme, world.acme.staff, newAddress())).status).toBe(200)
  })

  test('that was refused anyway does not use up what the address has left', async () => {
    const address = newAddress()
    for (let batch = 0; batch < 12; batch++)
      await Promise.all(
        Array.from({ length: 10 }, () =>
          signIn(world.acme, { email: 'stubborn@example.com', password: wrong }, address),
        ),
      )
    expect((await signIn(world.acme, world.acme.staff, address)).status).toBe(200)
  })

  test('is counted by all servers together, and over a restart, BRU-07', async () => {
    const address = newAddress()
    const attempt = {
      body: { email: 'everywhere@example.com', password: wrong },
      headers: { 'x-forwarded-for': address },
    }
    const tryAt = async (server: SecondServer) => (await server.at(world.acme, `${auth}/jwt/create/`, attempt)).status
    const first = await startBeside(world)
    for (let i = 0; i < 5; i++) {
      expect(await tryAt(first)).toBe(401)
      expect((await world.acme.call(`${auth}/jwt/create/`, attempt)).status).toBe(401)
    }
    expect(await tryAt(first)).toBe(429)
    expect(await first.stop()).toBe(0)
    const second = await startBeside(world)
    expect(await tryAt(second)).toBe(429)
    expect((await world.acme.call(`${auth}/jwt/create/`, attempt)).status).toBe(429)
    expect(await second.stop()).toBe(0)
  })
})

describe('a flood of sign-ins', () => {
  test('is answered to the last one, and those who are signed in do not notice, BRU-09', async () => {
    const { access } = await signInAs(world.acme, world.acme.staff)
    const other = await signInAs(world.globex, world.globex.staff)
    let flooding = true
    const flood = Promise.all(
      // More than may wait for hashing.
      Array.from({ length: world.processes * volume(80, 200) }, (_, i) =>
        signIn(world.acme, { email: `flood-${i}@example.com`, password: wrong }, newAddress()),
      ),
    ).finally(() => (flooding = false))
    const meanwhile: number[] = []
    while (flooding) {
      meanwhile.push((await world.acme.call(`${auth}/users/me/`, { token: access })).status)
      meanwhile.push((await world.globex.call(`${auth}/users/me/`, { token: other.access })).status)
    }
    const answers = await flood
    expect(new Set(meanwhile)).toEqual(new Set([200]))
    for (const answer of answers) {
      expect([401, 429, 503]).toContain(answer.status)
      if (answer.status !== 401) expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0)
    }
    expect(answers.some(({ status }) => status === 401)).toBe(true)
    expect(answers.some(({ status }) => status === 503)).toBe(true)
    expect((await signIn(world.acme, world.acme.staff, newAddress())).status).toBe(200)
  })

  test('with passwords of a megabyte is refused before they are checked, BRU-10', async () => {
    const address = newAddress()
    const { email } = world.acme.staff
    const failures = () =>
      world.server.log.filter(line => line.event === 'sign_in_failed' && line.ip === address).length
    for (const [length, status] of [
      [1_000_000, 413],
      [900_000, 400],
      [5_000, 400],
    ] as const) {
      const answers = await Promise.all(
        Array.from({ length: length > 5_000 ? 25 : 5 }, () =>
          signIn(world.acme, { email, password: 'x'.repeat(length) }, address),
        ),
      )
      for (const answer of answers) expect(answer.status).toBe(status)
    }
    // None of them counted as an attempt: ten are still allowed. Their log lines come after all earlier ones.
    for (let i = 0; i < 10; i++)
      expect((await signIn(world.acme, { email, password: wrong }, address)).status).toBe(401)
    await expect.poll(failures).toBe(10)
  })
})

let lastAddress = 0

/** An unused address from the ranges for documentation and benchmarks. */
function newAddress(): string {
  lastAddress++
  return `198.18.${lastAddress >> 8}.${lastAddress & 255}`
}

function signIn(
  place: Place,
  { email, password }: { email: string; password: string },
  address: string,
): Promise<Answer> {
  return place.call(`${auth}/jwt/create/`, { body: { email, password }, headers: { 'x-forwarded-for': address } })
}

async function addWithoutPassword(email: string): Promise<Person> {
  const user = await createUser(world.app, realmOf(world.app, world.acme), { email, password: null }, fromSystem)
  return { id: user.id, email, password: '' }
}

/** The headers of an answer without those that differ in every answer. */
function lastingHeaders({ headers }: Answer) {
  const { 'date': _, 'x-request-id': id, ...rest } = headers
  expect(id).toMatch(/^[0-9a-f-]{36}$/)
  return Object.entries(rest)
}

function expectThrottled(answer: Answer): void {
  const wait = Number(answer.headers['retry-after'])
  expect(wait).toBeGreaterThan(0)
  expect(wait).toBeLessThanOrEqual(15 * 60)
  expect([answer.status, answer.json]).toEqual([
    429,
    { detail: `Request was throttled. Expected available in ${wait} second${wait === 1 ? '' : 's'}.` },
  ])
}

/** CPU time of a process in all its threads, in hundredths of a second: proc(5). */
async function processorTicks(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]!.split(' ')
  const [user, system] = fields.slice(11, 13).map(Number)
  return user! + system!
}
