import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Check } from '#server/domain/platform/check.ts'
import { finished } from '../../support/data/archives.ts'
import type { SoftPasskey } from '../../support/data/authenticator.ts'
import type { Protected } from '../../support/data/factors.ts'
import { addPasskey, addTotp } from '../../support/data/factors.ts'
import { codeOf } from '../../support/data/totp.ts'
import { runCli } from '../../support/process/cli.ts'
import type { SecondServer } from '../../support/process/second-server.ts'
import { startBeside } from '../../support/process/second-server.ts'
import type { Person } from '../../support/database/templates.ts'
import type { Place, World } from '../../support/world.ts'
import { addPerson, api, auth, createWorld, signInAs } from '../../support/world.ts'

/** What a portal had before the rotation. */
interface Before {
  place: Place
  admin: { access: string; refresh: string }
  /** With an authenticator app and recovery codes. */
  guarded: Protected
  /** With a passkey, and a challenge that is not answered yet. */
  passkey: SoftPasskey
  /** They sign in during the rotation, or not before its end. */
  awake: Person
  asleep: Person
}

let world: World
let folder: string
let archive: string
let portals: Before[]
/** One server as of before the rotation is `world`'s; these follow it. */
let prepared: SecondServer
let rotating: SecondServer
let settings: Record<'prepared' | 'rotating' | 'rotated', Record<string, string>>

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenantry-rotation-'))
  world = await createWorld({ ARCHIVE_DIR: join(folder, 'archives'), UPLOAD_DIR: join(folder, 'uploads') })
  const { SECRET, PEPPER } = world.env as { SECRET: string; PEPPER: string }
  const [secret, pepper] = [fresh(), fresh()]
  settings = {
    prepared: { SECRET_FALLBACK: secret, PEPPER_FALLBACK: pepper },
    rotating: { SECRET: secret, SECRET_FALLBACK: SECRET, PEPPER: pepper, PEPPER_FALLBACK: PEPPER },
    rotated: { SECRET: secret, PEPPER: pepper },
  }
  portals = [await fill(world.acme), await fill(world.globex)]
  archive = await archiveOf(world.acme)
  prepared = await startBeside(world, settings.prepared)
  rotating = await startBeside(world, settings.rotating)
})
afterAll(async () => {
  await rotating.stop()
  await prepared.stop()
  await world.stop()
  await rm(folder, { recursive: true, force: true })
})

describe('with new secrets, and the former ones as fallbacks', () => {
  test('sessions, passwords, authenticator apps, recovery codes and archives of before work', async () => {
    for (const { place, admin, guarded, awake } of portals) {
      expect((await rotating.at(place, `${auth}/users/me/`, { token: admin.access })).status).toBe(200)
      const refreshed = await rotating.at(place, `${auth}/jwt/refresh/`, { body: { refresh: admin.refresh } })
      expect(refreshed.status).toBe(200)
      expect((await place.call(`${auth}/users/me/`, { token: refreshed.json.access })).status).toBe(200)
      expect(await signInAt(rotating, place, awake)).toBe(200)
      expect(await signInAt(rotating, place, { ...awake, password: 'not the password' })).toBe(401)
      expect(await stepAt(rotating, place, guarded, { code: codeOf(guarded.secret, 1) })).toBe(200)
      expect(await stepAt(rotating, place, guarded, { recovery_code: guarded.recovery_codes[0] })).toBe(200)
      expect(await stepAt(rotating, place, guarded, { recovery_code: guarded.recovery_codes[0] })).toBe(401)
    }
    expect(await isOurs(rotating)).toBe(true)
  })

  test('nothing of another organisation does', async () => {
    const [one, other] = [portals[0]!, portals[1]!]
    expect((await rotating.at(other.place, `${auth}/users/me/`, { token: one.admin.access })).status).toBe(401)
    expect(await signInAt(rotating, other.place, { ...one.asleep, email: other.asleep.email })).toBe(401)
    const { recovery_codes } = one.guarded
    expect(await stepAt(rotating, other.place, other.guarded, { recovery_code: recovery_codes[1] })).toBe(401)
  })

  test("a passkey's challenge of before can be answered, once", async () => {
    for (const { place, passkey } of portals) {
      const { json } = await place.call(`${auth}/passkeys/options/`, { body: {} })
      const body = { credential: passkey.sign(json, place.origin) }
      expect((await rotating.at(place, `${auth}/jwt/passkey/`, { body })).status).toBe(200)
      expect((await rotating.at(place, `${auth}/jwt/passkey/`, { body })).status).toBe(401)
    }
  })

  test.each([
    ['before', () => world.server, () => rotating],
    ['now, by a process as of before', () => rotating, () => world.server],
    ['now, by one that is prepared', () => rotating, () => prepared],
  ])('a request with an Idempotency-Key is done once: repeated, if it was done %s', async (_, first, second) => {
    for (const { place, admin } of portals) {
      const options = {
        token: admin.access,
        headers: { 'idempotency-key': randomUUID() },
        body: { name: `Dept ${randomUUID()}` },
      }
      const created = await callAt(first(), place, `${api}/departments/`, options)
      expect(created.status).toBe(201)
      const repeated = await callAt(second(), place, `${api}/departments/`, options)
      expect([repeated.status, repeated.json.id]).toEqual([201, created.json.id])
    }
  })

  test('simultaneous requests with an Idempotency-Key are done once, by processes with other secrets', async () => {
    const { place, admin } = portals[0]!
    const email = `${randomUUID()}@example.com`
    const options = { token: admin.access, headers: { 'idempotency-key': randomUUID() }, body: { email } }
    const answers = await Promise.all(
      [world.server, prepared, rotating, rotating].map(server =>
        callAt(server, place, `${auth}/users/`, options).then(({ status }) => status),
      ),
    )
    expect(answers.filter(status => status !== 409)).toContain(201)
    expect(answers.every(status => [201, 409].includes(status))).toBe(true)
  })

  test('what they write, a process that is prepared reads', async () => {
    for (const { place, awake } of portals) {
      expect(await signInAt(world.server, place, awake)).toBe(401)
      expect(await signInAt(prepared, place, awake)).toBe(200)
      expect(await signInAt(rotating, place, awake)).toBe(200)
      const person = await addPerson(world, place, `late-${randomUUID()}@example.com`)
      const { access: token } = (await rotating.at(place, `${auth}/jwt/create/`, { body: person })).json
      const at = { ...place, call: rotating.at.bind(undefined, place) }
      const guarded = await addTotp(at, person, token)
      expect(await stepAt(prepared, place, guarded, { code: codeOf(guarded.secret) })).toBe(200)
      expect(await stepAt(prepared, place, guarded, { recovery_code: guarded.recovery_codes[0] })).toBe(200)
    }
  })
})

describe('tenantry', () => {
  test('secrets rewrap needs a fallback', async () => {
    const { code, errors } = await runCli(['secrets', 'rewrap'], { ...world.env, ...settings.rotated })
    expect([code, errors]).toEqual([2, expect.stringMatching(/^Set SECRET_FALLBACK/)])
  })

  test('doctor says what needs the fallbacks; secrets rewrap encrypts all of it again, and what is left remains', async () => {
    const env = { ...world.env, ...settings.rotating }
    const before = await problemsOf(env)
    expect(before).toContainEqual(
      expect.stringMatching(/^\d+ values are encrypted with SECRET_FALLBACK\. Run: tenantry/),
    )
    const { code, json } = await runCli(['secrets', 'rewrap', '--json'], env)
    expect([code, json]).toMatchObject([0, { remaining: 0, lost: 0, failed: [] }])
    // Of each portal and the console a key, of each portal an authenticator app.
    expect(json.rewrapped).toBeGreaterThanOrEqual(5)
    expect((await runCli(['secrets', 'rewrap', '--json'], env)).json).toMatchObject({ rewrapped: 0, remaining: 0 })
    expect(await problemsOf(env)).toEqual([
      expect.stringMatching(/^1 archive is signed with SECRET_FALLBACK/),
      expect.stringMatching(/^Since PEPPER changed, \d+ users did not sign in with a password/),
      expect.stringMatching(/^Recovery codes of 4 users may need PEPPER_FALLBACK/),
    ])
  })

  test('doctor counts a user who has signed in no more', async () => {
    const env = { ...world.env, ...settings.rotating }
    const countSleepers = async () =>
      Number(/\d+/.exec((await problemsOf(env)).find(text => /password/.test(text))!)![0])
    const count = await countSleepers()
    const { place } = portals[1]!
    const person = await addPerson(world, place, 'sleeper@example.com')
    expect(await countSleepers()).toBe(count + 1)
    expect(await signInAt(rotating, place, person)).toBe(200)
    expect(await countSleepers()).toBe(count)
  })
})

describe('without the fallbacks', () => {
  test('what was encrypted again and who has signed in work, and the rest is refused', async () => {
    const rotated = await startBeside(world, settings.rotated)
    try {
      for (const { place, admin, guarded, awake, asleep } of portals) {
        expect((await rotated.at(place, `${auth}/users/me/`, { token: admin.access })).status).toBe(200)
        expect(await signInAt(rotated, place, awake)).toBe(200)
        expect(await signInAt(rotated, place, asleep)).toBe(401)
        expect(await stepAt(rotated, place, guarded, { recovery_code: guarded.recovery_codes[2] })).toBe(401)
      }
      expect(await isOurs(rotated)).toBe(false)
    } finally {
      await rotated.stop()
    }
  })

  test('a SECRET that is none of them is named in the log and by the doctor', async () => {
    const wrong = { ...settings.rotated, SECRET: fresh() }
    const lost = await startBeside(world, wrong)
    const { place, awake } = portals[0]!
    expect(await signInAt(lost, place, awake)).toBe(500)
    await lost.stop()
    expect(JSON.stringify(lost.log.filter(({ event }) => event === 'request_failed'))).toContain(
      'Neither SECRET nor SECRET_FALLBACK decrypts one of the tenantry signing keys.',
    )
    const problems = await problemsOf({ ...world.env, ...wrong })
    for (const subdomain of ['console', 'acme', 'globex'])
      expect(problems).toContainEqual(
        expect.stringMatching(new RegExp(`^${subdomain}: \\d+ values? cannot be decrypted\\. Set the SECRET`)),
      )
  })
})

async function fill(place: Place): Promise<Before> {
  const add = (name: string) => addPerson(world, place, `${name}@example.com`, { password: `${name} of ${place.host}` })
  const owner = await add('owner')
  const { access } = await signInAs(place, owner)
  return {
    place,
    admin: await signInAs(place, place.admin),
    guarded: await addTotp(place, await add('guarded')),
    passkey: await addPasskey(place, owner, access),
    awake: await add('awake'),
    asleep: await add('asleep'),
  }
}

async function archiveOf(place: Place): Promise<string> {
  const { access: token } = await signInAs(world.console, world.console.admin)
  const queued = await world.console.call(`${api}/tenants/${place.id}/exports/`, { token, body: {} })
  const { result } = await finished(world.app, queued.json.id)
  return (result as { archive: string }).archive
}

async function isOurs(server: SecondServer): Promise<boolean> {
  const { email, password } = world.console.admin
  const { access: token } = (await rotating.at(world.console, `${auth}/jwt/create/`, { body: { email, password } }))
    .json
  const { json } = await server.at(world.console, `${api}/archives/`, { token })
  return json.results.find(({ name }: { name: string }) => name === archive).ours
}

type Server = World['server'] | SecondServer

function callAt(server: Server, place: Place, path: string, options: Parameters<Place['call']>[1]) {
  return 'at' in server ? server.at(place, path, options) : place.call(path, options)
}

async function signInAt(server: Server, place: Place, { email, password }: Person): Promise<number> {
  return (await callAt(server, place, `${auth}/jwt/create/`, { body: { email, password } })).status
}

/** Both steps of a sign-in. @returns the status of the second one */
async function stepAt(server: Server, place: Place, { email, password }: Person, proof: object): Promise<number> {
  const first = await callAt(server, place, `${auth}/jwt/create/`, { body: { email, password } })
  const { challenge } = first.json
  return (await callAt(server, place, `${auth}/jwt/second-factor/`, { body: { challenge, ...proof } })).status
}

async function problemsOf(env: Record<string, string>): Promise<string[]> {
  const { json } = await runCli(['doctor', '--json'], env)
  return json.checks.find(({ name }: Check) => name === 'secrets').problems
}

function fresh(): string {
  return randomBytes(32).toString('base64url')
}
