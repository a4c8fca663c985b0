import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createPasskey } from '../../support/data/authenticator.ts'
import { nextAddress } from '../../support/data/client-address.ts'
import type { Protected } from '../../support/data/factors.ts'
import { addPasskey, addTotp, answerWith, challengeOf } from '../../support/data/factors.ts'
import { mailsTo } from '../../support/data/mails.ts'
import { codeOf } from '../../support/data/totp.ts'
import type { Call } from '../../support/http.ts'
import type { World } from '../../support/world.ts'
import { addPerson, api, auth, createWorld, signInAs } from '../../support/world.ts'

let world: World
let people = 0
beforeAll(async () => {
  world = await createWorld({ TRUSTED_PROXIES: '127.0.0.1' })
})
afterAll(() => world.stop())

const newcomer = () => addPerson(world, world.acme, `attacked-${++people}@acme.test`)

/** A request from an address that nobody had before. */
const callFromAnywhere = (path: string, body: object) =>
  world.acme.call(`${auth}/${path}`, { body, headers: { 'x-forwarded-for': nextAddress() } })

const wrongCode = (challenge: string) => callFromAnywhere('jwt/second-factor/', { challenge, code: '000000' })

describe('somebody who knows the password and has many addresses', () => {
  test('tries 50 codes a day, also if all are sent at once', async () => {
    const person = await addTotp(world.acme, await newcomer())
    const challenges: string[] = []
    for (let i = 0; i < 16; i++) challenges.push(await challengeOf(world.acme, person))
    const tries = challenges.flatMap(challenge => Array.from({ length: 5 }, () => wrongCode(challenge)))
    const answers = await Promise.all(tries)
    const count = (status: number) => answers.filter(answer => answer.status === status).length
    expect(answers.map(({ status }) => status).filter(status => ![401, 429, 503].includes(status))).toEqual([])
    expect(count(401)).toBeLessThanOrEqual(50)
    expect(count(429)).toBeGreaterThan(0)
  })

  test('cannot keep the warning from being sent with passkeys that are refused', async () => {
    const person = await addTotp(world.acme, await newcomer())
    const passkey = await addPasskey(world.acme, person, person.token)
    for (let i = 0; i < 10; i++) {
      const credential = passkey.sign({ challenge: 'bm9uZQ', rpId: 'elsewhere.test' }, world.acme.origin)
      expect((await callFromAnywhere('jwt/passkey/', { credential })).status).toBe(401)
    }
    for (let i = 0; i < 2; i++) {
      const challenge = await challengeOf(world.acme, person)
      for (let j = 0; j < 5; j++) expect((await wrongCode(challenge)).status).toBe(401)
    }
    const subjects = (await mailsTo(world, world.acme, person.email)).map(({ subject }) => subject)
    expect(subjects.filter(subject => subject === 'Someone knows your password for Acme Ltd')).toHaveLength(1)
  })
})

describe('a new address from an Admin', () => {
  test('forgets the browsers that were remembered, and voids open challenges', async () => {
    const person = await addTotp(world.acme, await newcomer())
    const answer = { challenge: await challengeOf(world.acme, person, 'session'), code: codeOf(person.secret) }
    const { cookies } = await answerWith(world.acme, { ...answer, remember_device: true }, 'session')
    const { tenantry_device = '' } = cookies
    expect(tenantry_device).toBeTruthy()
    const challenge = await challengeOf(world.acme, person)
    const admin = (await signInAs(world.acme, world.acme.admin)).access
    const email = `new-${person.email}`
    const change = { method: 'PATCH', token: admin, body: { email } }
    expect((await world.acme.call(`${auth}/users/${person.id}/`, change)).status).toBe(200)
    const late = await answerWith(world.acme, { challenge, code: codeOf(person.secret, 1) })
    expect(late.json.code).toBe('challenge_expired')
    const body = { email, password: person.password }
    const known = await world.acme.call(`${auth}/session/`, { body, sameOrigin: true, cookies: { tenantry_device } })
    expect([known.status, known.json.code]).toEqual([401, 'second_factor_required'])
  })
})

describe('no browser is remembered, and no sign-in half done goes on, once all sessions of a user have ended', () => {
  const asAdmin = async (method: string, path: string, call: Call = {}) => {
    const { access: token } = await signInAs(world.acme, world.acme.admin)
    expect((await world.acme.call(path, { method, token, ...call })).status).toBeLessThan(300)
  }

  test.each<[string, (person: Protected) => Promise<void>]>([
    [
      'by a deactivation that is taken back',
      async ({ id }) => {
        for (const is_active of [false, true]) await asAdmin('PATCH', `${auth}/users/${id}/`, { body: { is_active } })
      },
    ],
    [
      'by one in a file',
      async ({ email }) => {
        const headers = { 'content-type': 'text/csv' }
        for (const isActive of ['no', 'yes'])
          await asAdmin('POST', `${api}/users/import/`, { body: `email,is_active\n${email},${isActive}\n`, headers })
      },
    ],
    [
      'by one of many at once',
      async ({ id }) => {
        for (const action of ['deactivate', 'reactivate'])
          await asAdmin('POST', `${api}/users/bulk/`, { body: { ids: [id], action } })
      },
    ],
    ['by an Admin', ({ id }) => asAdmin('DELETE', `${api}/sessions/?user=${id}`)],
    [
      'by the user',
      async ({ token }) => {
        expect((await world.acme.call(`${api}/sessions/`, { method: 'DELETE', token })).status).toBe(204)
      },
    ],
  ])('%s', async (_, end) => {
    const person = await addTotp(world.acme, await newcomer())
    const challenge = await challengeOf(world.acme, person, 'session')
    const answer = { challenge, code: codeOf(person.secret), remember_device: true }
    const { tenantry_device = '' } = (await answerWith(world.acme, answer, 'session')).cookies
    expect(tenantry_device).toBeTruthy()
    const halfDone = await challengeOf(world.acme, person)
    await end(person)
    const late = await answerWith(world.acme, { challenge: halfDone, code: codeOf(person.secret, 1) })
    expect(late.json.code).toBe('challenge_expired')
    const body = { email: person.email, password: person.password }
    const cookies = { tenantry_device: tenantry_device.split(';')[0]! }
    const known = await world.acme.call(`${auth}/session/`, { body, sameOrigin: true, cookies })
    expect([known.status, known.json.code]).toEqual([401, 'second_factor_required'])
  })
})

describe('a passkey that is refused', () => {
  test('leaves no text of the client and no challenge in the log', async () => {
    const person = await addTotp(world.acme, await newcomer())
    const passkey = await addPasskey(world.acme, person, person.token)
    const challenge = await challengeOf(world.acme, person)
    const options = await world.acme.call(`${auth}/passkeys/options/`, { body: { challenge } })
    const credential = passkey.sign({ ...options.json, challenge: 'dGV4dCBvZiB0aGUgY2xpZW50' }, world.acme.origin)
    expect((await answerWith(world.acme, { challenge, credential })).status).toBe(401)
    const lines = world.server.log.filter(line => line.event === 'passkey_refused')
    expect(lines.at(-1)!.reason).toBe('Unexpected authentication response challenge ')
  })
})

describe('a new passkey', () => {
  test('is refused with certificates, before anything in them is followed', async () => {
    const person = await newcomer()
    const { access: token } = await signInAs(world.acme, person)
    const options = await world.acme.call(`${auth}/factors/passkeys/options/`, { method: 'POST', token })
    const credential = createPasskey(person.id).create(options.json, world.acme.origin) as {
      response: { attestationObject: string }
    }
    const attestation = Buffer.from(credential.response.attestationObject, 'base64url').toString('latin1')
    const other = Buffer.from(attestation.replace('dnone', 'eapple'), 'latin1')
    credential.response.attestationObject = other.toString('base64url')
    const added = await world.acme.call(`${auth}/factors/passkeys/`, { token, body: { credential } })
    expect([added.status, Object.keys(added.json)]).toEqual([400, ['credential']])
    // The log arrives by itself, maybe after the answer.
    const lastRefusal = () => world.server.log.filter(line => line.event === 'passkey_refused').at(-1)
    await expect.poll(lastRefusal).toMatchObject({ reason: 'an attestation with certificates' })
  })
})
