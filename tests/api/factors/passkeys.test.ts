import { eq } from 'drizzle-orm'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Assertion, Change, SoftPasskey } from '../../support/data/authenticator.ts'
import { createPasskey } from '../../support/data/authenticator.ts'
import { addPasskey, answerWith, challengeOf } from '../../support/data/factors.ts'
import type { Person } from '../../support/database/templates.ts'
import type { Place, World } from '../../support/world.ts'
import { addPerson, auth, createWorld, realmOf, signInAs } from '../../support/world.ts'

let world: World
let people = 0
beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world.stop())

interface Owner extends Person {
  token: string
  passkey: SoftPasskey
}

async function newOwner(place: Place = world.acme): Promise<Owner> {
  const person = await addPerson(world, place, `passkey-${++people}@acme.test`)
  const { access: token } = await signInAs(place, person)
  return { ...person, token, passkey: await addPasskey(place, person, token) }
}

const optionsOf = async (place: Place, body: object = {}) =>
  (await place.call(`${auth}/passkeys/options/`, { body })).json as { challenge: string; rpId: string }

const signInWith = (place: Place, credential: unknown, door = 'jwt') =>
  place.call(`${auth}/${door}/passkey/`, { body: { credential }, sameOrigin: door === 'session' })

describe('a passkey', () => {
  test('is added with recovery codes, named, listed, renamed and removed', async () => {
    const { token, passkey } = await newOwner()
    const { json } = await world.acme.call(`${auth}/factors/`, { token })
    expect(json).toMatchObject({ factors: [{ kind: 'passkey', name: 'Passkey', backed_up: false }] })
    expect(json.recovery_codes_left).toBe(10)
    const path = `${auth}/factors/${json.factors[0].id}/`
    const renamed = await world.acme.call(path, { method: 'PATCH', token, body: { name: '<b>Laptop</b>' } })
    expect(renamed.json.name).toBe('<b>Laptop</b>')
    expect((await world.acme.call(path, { method: 'DELETE', token })).status).toBe(204)
    expect((await world.acme.call(`${auth}/factors/`, { token })).json).toMatchObject({
      factors: [],
      recovery_codes_left: 0,
    })
    const { challenge, rpId } = await optionsOf(world.acme)
    const refused = await signInWith(world.acme, passkey.sign({ challenge, rpId }, world.acme.origin))
    expect([refused.status, refused.json.code]).toEqual([401, 'passkey_refused'])
  })

  test('is not added with the options of another session, twice, on another origin, or if it is known', async () => {
    const { token, passkey, ...person } = await newOwner()
    const other = await addPerson(world, world.acme, `passkey-${++people}@acme.test`)
    const { access } = await signInAs(world.acme, other)
    const begin = async (t: string) =>
      (await world.acme.call(`${auth}/factors/passkeys/options/`, { method: 'POST', token: t })).json
    const add = (t: string, credential: unknown) =>
      world.acme.call(`${auth}/factors/passkeys/`, { token: t, body: { credential } })
    const options = await begin(token)
    expect(options.excludeCredentials).toMatchObject([{ id: passkey.id }])
    const another = createPasskey(person.id)
    expect((await add(access, another.create(options, world.acme.origin))).json).toEqual({
      credential: ['This passkey could not be added. Try again.'],
    })
    expect((await add(token, another.create(options, world.globex.origin))).status).toBe(400)
    // A failed try uses up the challenge.
    expect((await add(token, another.create(options, world.acme.origin))).status).toBe(400)
    const fresh = another.create(await begin(token), world.acme.origin)
    expect((await add(token, fresh)).status).toBe(201)
    expect((await add(token, fresh)).status).toBe(400)
    expect((await add(access, another.create(await begin(access), world.acme.origin))).status).toBe(400)
  })
})

describe('signing in with a passkey alone', () => {
  test('opens a session that counts as two factors', async () => {
    const { passkey, email } = await newOwner()
    const { challenge, rpId } = await optionsOf(world.acme)
    expect(rpId).toBe('acme.localhost')
    const signedIn = await signInWith(world.acme, passkey.sign({ challenge, rpId }, world.acme.origin))
    expect(signedIn.status).toBe(200)
    expect(decodeJwt(signedIn.json.access).amr).toEqual(['hwk', 'user', 'mfa'])
    const next = await optionsOf(world.acme)
    const withCookies = await signInWith(world.acme, passkey.sign(next, world.acme.origin), 'session')
    expect(withCookies.json.user.email).toBe(email)
    expect(Object.keys(withCookies.cookies).sort()).toEqual(['tenantry_access', 'tenantry_refresh'])
  })

  test('gets the same options whoever asks, but for the challenge', async () => {
    const [one, two] = [await optionsOf(world.acme), await optionsOf(world.acme)]
    expect(one.challenge).not.toBe(two.challenge)
    expect({ ...one, challenge: '' }).toEqual({ ...two, challenge: '' })
    expect(one).toMatchObject({ userVerification: 'required' })
    expect(one).not.toMatchObject({ allowCredentials: [expect.anything()] })
  })

  const wrong: Record<string, (owner: Owner, options: { challenge: string; rpId: string }) => Assertion> = {
    'of another origin': ({ passkey }, options) => passkey.sign(options, world.globex.origin),
    'of another relying party': ({ passkey }, options) =>
      passkey.sign({ ...options, rpId: 'globex.localhost' }, world.acme.origin),
    'without user verification': signed({ isUserVerified: false }),
    'of another ceremony': signed({ type: 'webauthn.create' }),
    'with another user handle': signed({ userHandle: '0192f3a0-0000-7000-8000-000000000000' }),
    'with an invented challenge': ({ passkey }, options) =>
      passkey.sign({ ...options, challenge: Buffer.alloc(54, 7).toString('base64url') }, world.acme.origin),
    'of an unknown passkey': ({ id }, options) => createPasskey(id).sign(options, world.acme.origin),
    'with the id of one and the signature of another'({ passkey, id }, options) {
      const forged = createPasskey(id).sign(options, world.acme.origin)
      return { ...forged, id: passkey.id, rawId: passkey.id }
    },
    'with a signature that was changed'({ passkey }, options) {
      const assertion = passkey.sign(options, world.acme.origin)
      const signature = Buffer.from(assertion.response.signature, 'base64url')
      signature[signature.length - 1]! ^= 1
      return { ...assertion, response: { ...assertion.response, signature: signature.toString('base64url') } }
    },
  }
  test.each(Object.entries(wrong))('refuses an answer %s, always with the same words', async (_name, forge) => {
    const owner = await newOwner()
    const refused = await signInWith(world.acme, forge(owner, await optionsOf(world.acme)))
    expect([refused.status, refused.json]).toEqual([
      401,
      { detail: 'This passkey cannot be used to sign in.', code: 'passkey_refused' },
    ])
    const right = owner.passkey.sign(await optionsOf(world.acme), world.acme.origin)
    expect((await signInWith(world.acme, right)).status).toBe(200)
  })

  test('accepts an answer once, also of several at a time', async () => {
    const { passkey } = await newOwner()
    const assertion = passkey.sign(await optionsOf(world.acme), world.acme.origin)
    const answers = await Promise.all(Array.from({ length: 5 }, () => signInWith(world.acme, assertion)))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401, 401, 401])
  })

  test('is not possible at another organisation, with its own challenge or a foreign one', async () => {
    const { passkey } = await newOwner()
    for (const options of [await optionsOf(world.globex), await optionsOf(world.acme)]) {
      const signed = passkey.sign({ ...options, rpId: 'globex.localhost' }, world.globex.origin)
      expect((await signInWith(world.globex, signed)).status).toBe(401)
    }
    const elsewhere = passkey.sign({ ...(await optionsOf(world.globex)), rpId: 'acme.localhost' }, world.acme.origin)
    expect((await signInWith(world.acme, elsewhere)).status).toBe(401)
  })

  test('refuses a counter that goes back, and records it', async () => {
    const owner = await newOwner()
    owner.passkey.count(10)
    const first = owner.passkey.sign(await optionsOf(world.acme), world.acme.origin)
    expect((await signInWith(world.acme, first)).status).toBe(200)
    owner.passkey.count(-5)
    const cloned = owner.passkey.sign(await optionsOf(world.acme), world.acme.origin)
    expect((await signInWith(world.acme, cloned)).status).toBe(401)
    const { realm } = realmOf(world.app, world.acme)
    const { audit_events: events } = realm.tables
    const recorded = await realm.db.select({ action: events.action }).from(events).where(eq(events.subject, owner.id))
    expect(recorded.map(({ action }) => action)).toContain('factor.counter_refused')
  })

  test('is refused from the next request on after deactivation', async () => {
    const { passkey, id } = await newOwner()
    const admin = (await signInAs(world.acme, world.acme.admin)).access
    const path = `${auth}/users/${id}/`
    await world.acme.call(path, { method: 'PATCH', token: admin, body: { is_active: false } })
    const refused = await signInWith(world.acme, passkey.sign(await optionsOf(world.acme), world.acme.origin))
    expect(refused.status).toBe(401)
  })
})

describe('a passkey as the second step', () => {
  test('signs in after the password, also without a PIN, and only for its own challenge', async () => {
    const owner = await newOwner()
    const { passkey } = owner
    const challenge = await challengeOf(world.acme, owner)
    const options = await optionsOf(world.acme, { challenge })
    expect(options).toMatchObject({ allowCredentials: [{ id: passkey.id }] })
    const other = await newOwner()
    const foreign = await challengeOf(world.acme, other)
    const credential = passkey.sign(options, world.acme.origin, { isUserVerified: false })
    expect((await answerWith(world.acme, { challenge: foreign, credential })).status).toBe(401)
    const anonymous = passkey.sign(await optionsOf(world.acme), world.acme.origin)
    expect((await answerWith(world.acme, { challenge, credential: anonymous })).status).toBe(401)
    const again = passkey.sign(options, world.acme.origin, { isUserVerified: false })
    const signedIn = await answerWith(world.acme, { challenge, credential: again })
    expect(signedIn.status).toBe(200)
    expect(decodeJwt(signedIn.json.access).amr).toEqual(['pwd', 'hwk', 'mfa'])
    expect((await optionsOf(world.acme, { challenge })).challenge).toBeUndefined()
  })
})

function signed(change: Change) {
  return ({ passkey }: Owner, options: { challenge: string; rpId: string }) =>
    passkey.sign(options, world.acme.origin, change)
}
