import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decodeJwt } from 'jose'
import { addTotp, answerWith, challengeOf } from '../../support/data/factors.ts'
import { mailsTo } from '../../support/data/mails.ts'
import { codeOf } from '../../support/data/totp.ts'
import type { World } from '../../support/world.ts'
import { addPerson, api, auth, createWorld, realmOf, signInAs } from '../../support/world.ts'

let world: World
let people = 0
beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world.stop())

const newcomer = () => addPerson(world, world.acme, `totp-${++people}@acme.test`)

describe('an authenticator app', () => {
  test('is no factor until its first code is confirmed', async () => {
    const person = await newcomer()
    const { access: token } = await signInAs(world.acme, person)
    const begun = await world.acme.call(`${auth}/factors/totp/`, { token, body: { name: 'My phone' } })
    expect(begun.status).toBe(201)
    const url = new URL(begun.json.otpauth_url)
    expect([url.protocol, url.host, url.searchParams.get('issuer')]).toEqual(['otpauth:', 'totp', 'Acme Ltd'])
    expect(url.searchParams.get('secret')).toBe(begun.json.secret)
    expect(begun.json.qr).toMatch(/^<svg/)
    await signInAs(world.acme, person)
    const path = `${auth}/factors/totp/${begun.json.id}/confirmation/`
    const wrong = await world.acme.call(path, { method: 'PUT', token, body: { code: '000000' } })
    expect([wrong.status, wrong.json]).toEqual([400, { code: ['Invalid code.'] }])
    const code = codeOf(begun.json.secret)
    const right = await world.acme.call(path, { method: 'PUT', token, body: { code } })
    expect(right.json.recovery_codes).toHaveLength(10)
    expect(new Set(right.json.recovery_codes).size).toBe(10)
    const { json } = await world.acme.call(`${auth}/factors/`, { token })
    expect(json).toMatchObject({
      factors: [{ kind: 'totp', name: 'My phone' }],
      recovery_codes_left: 10,
      required: false,
      required_from: null,
    })
    const mails = await mailsTo(world, world.acme, person.email)
    expect(mails.map(({ subject }) => subject)).toEqual(['A second factor was added to your account at Acme Ltd'])
  })

  test('belongs to its user and organisation alone', async () => {
    const [mine, other] = [await addTotp(world.acme, await newcomer()), await newcomer()]
    const { access: token } = await signInAs(world.acme, other)
    const begun = await world.acme.call(`${auth}/factors/totp/`, { token: mine.token, body: {} })
    const body = { code: codeOf(begun.json.secret) }
    for (const [path, method] of [
      [`factors/totp/${begun.json.id}/confirmation/`, 'PUT'],
      [`factors/${mine.factor}/`, 'DELETE'],
    ])
      expect((await world.acme.call(`${auth}/${path}`, { method, token, body })).status).toBe(404)
    const { access } = await signInAs(world.globex, world.globex.admin)
    const foreign = await world.globex.call(`${auth}/factors/${mine.factor}/`, { method: 'DELETE', token: access })
    expect(foreign.status).toBe(404)
    expect((await world.acme.call(`${auth}/factors/`, { token })).json.factors).toEqual([])
    expect((await world.acme.call(`${auth}/factors/`, { token: mine.token })).json.factors).toHaveLength(1)
  })

  test('is confirmed once, of several simultaneous confirmations', async () => {
    const { access: token } = await signInAs(world.acme, await newcomer())
    const { json } = await world.acme.call(`${auth}/factors/totp/`, { token, body: {} })
    const answers = await Promise.all(
      Array.from({ length: 6 }, () =>
        world.acme.call(`${auth}/factors/totp/${json.id}/confirmation/`, {
          method: 'PUT',
          token,
          body: { code: codeOf(json.secret) },
        }),
      ),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 404, 404, 404, 404, 404])
  })

  test('is stored encrypted, and its codes and recovery codes are not stored at all', async () => {
    const person = await addTotp(world.acme, await newcomer())
    const { realm } = realmOf(world.app, world.acme)
    const { factors, recovery_codes: codes } = realm.tables
    const rows = JSON.stringify([await realm.db.select().from(factors), await realm.db.select().from(codes)])
    expect(rows).toContain(person.factor)
    const plain = person.recovery_codes.map(code => code.replace('-', ''))
    expect([person.secret, ...person.recovery_codes, ...plain].filter(text => rows.includes(text))).toEqual([])
  })
})

describe('signing in with it', () => {
  test('takes a code, once, and says so in the token', async () => {
    const person = await addTotp(world.acme, await newcomer())
    const challenge = await challengeOf(world.acme, person)
    const code = codeOf(person.secret)
    const signedIn = await answerWith(world.acme, { challenge, code })
    expect(signedIn.status).toBe(200)
    const claims = decodeJwt(signedIn.json.access)
    expect(claims.amr).toEqual(['pwd', 'otp', 'mfa'])
    expect(Math.abs((claims.auth_time as number) - Date.now() / 1000)).toBeLessThan(60)
    const me = await world.acme.call(`${auth}/users/me/`, { token: signedIn.json.access })
    expect([me.status, me.json.email, me.json.must_enrol]).toEqual([200, person.email, false])
    // The challenge and the code of that step are used up.
    expect((await answerWith(world.acme, { challenge, code: codeOf(person.secret, 1) })).json.code).toBe(
      'challenge_expired',
    )
    const again = await challengeOf(world.acme, person)
    const replayed = await answerWith(world.acme, { challenge: again, code })
    expect([replayed.status, replayed.json.code]).toEqual([401, 'second_factor_invalid'])
    expect((await answerWith(world.acme, { challenge: again, code: codeOf(person.secret, 1) })).status).toBe(200)
  })

  test('gives a session to one of several with the same code', async () => {
    const person = await addTotp(world.acme, await newcomer())
    const challenges = await Promise.all(Array.from({ length: 4 }, () => challengeOf(world.acme, person)))
    const code = codeOf(person.secret)
    const answers = await Promise.all(challenges.map(challenge => answerWith(world.acme, { challenge, code })))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401, 401])
    const same = await challengeOf(world.acme, person)
    const codes = Array.from({ length: 4 }, () => codeOf(person.secret, 1))
    const raced = await Promise.all(codes.map(code => answerWith(world.acme, { challenge: same, code })))
    expect(raced.map(({ status }) => status).sort()).toEqual([200, 401, 401, 401])
  })

  test('accepts the step before and after, and none further away', async () => {
    const person = await addTotp(world.acme, await newcomer())
    const challenge = await challengeOf(world.acme, person)
    for (const steps of [-3, 3])
      expect((await answerWith(world.acme, { challenge, code: codeOf(person.secret, steps) })).status).toBe(401)
    expect((await answerWith(world.acme, { challenge, code: codeOf(person.secret, 1) })).status).toBe(200)
    // An older step than one that was accepted is not.
    const next = await challengeOf(world.acme, person)
    expect((await answerWith(world.acme, { challenge: next, code: codeOf(person.secret) })).status).toBe(401)
  })

  test('ends after five wrong codes, whatever comes then', async () => {
    const person = await addTotp(world.acme, await newcomer())
    const challenge = await challengeOf(world.acme, person)
    for (let i = 0; i < 5; i++)
      expect((await answerWith(world.acme, { challenge, code: '000000' })).json.code).toBe('second_factor_invalid')
    const late = await answerWith(world.acme, { challenge, code: codeOf(person.secret) })
    expect([late.status, late.json.code]).toEqual([401, 'challenge_expired'])
  })

  test('counts wrong codes like wrong passwords, over all challenges, and the right password does not reset that', async () => {
    const person = await addTotp(world.acme, await newcomer())
    const statuses: number[] = []
    for (let round = 0; round < 3; round++) {
      const started = await world.acme.call(`${auth}/jwt/create/`, { body: person })
      if (started.status === 429) break
      for (let i = 0; i < 4; i++)
        statuses.push((await answerWith(world.acme, { challenge: started.json.challenge, code: '000000' })).status)
    }
    expect(statuses.filter(status => status === 401)).toHaveLength(10)
    expect(statuses.at(-1)).toBe(429)
    const mails = await mailsTo(world, world.acme, person.email)
    expect(mails.at(-1)!.subject).toBe('Someone knows your password for Acme Ltd')
  })

  test('does not take the challenge of another user or organisation', async () => {
    const [one, two] = [await addTotp(world.acme, await newcomer()), await addTotp(world.acme, await newcomer())]
    const challenge = await challengeOf(world.acme, one)
    expect((await answerWith(world.acme, { challenge, code: codeOf(two.secret) })).status).toBe(401)
    const elsewhere = await answerWith(world.globex, { challenge, code: codeOf(one.secret) })
    expect([elsewhere.status, elsewhere.json.code]).toEqual([401, 'challenge_expired'])
    expect((await answerWith(world.acme, { challenge, code: codeOf(one.secret) })).status).toBe(200)
  })

  test('is refused from the next step on after deactivation, a new password or the removal of the factor', async () => {
    const admin = (await signInAs(world.acme, world.acme.admin)).access
    const person = await addTotp(world.acme, await newcomer())
    const challenges = [await challengeOf(world.acme, person), await challengeOf(world.acme, person)]
    const setActive = (is_active: boolean) =>
      world.acme.call(`${auth}/users/${person.id}/`, { method: 'PATCH', token: admin, body: { is_active } })
    await setActive(false)
    const inactive = await answerWith(world.acme, { challenge: challenges[0], code: codeOf(person.secret) })
    expect([inactive.status, inactive.json.code]).toEqual([401, 'challenge_expired'])
    await setActive(true)
    const late = await answerWith(world.acme, { challenge: challenges[1], code: codeOf(person.secret) })
    expect([late.status, late.json.code]).toEqual([401, 'challenge_expired'])
    const answer = { challenge: await challengeOf(world.acme, person), code: codeOf(person.secret, 1) }
    const { access } = (await answerWith(world.acme, answer)).json
    const before = await challengeOf(world.acme, person)
    const new_password = 'another unlikely row of words'
    const body = { current_password: person.password, new_password }
    expect((await world.acme.call(`${auth}/users/set_password/`, { token: access, body })).status).toBe(204)
    const [recovery_code] = person.recovery_codes
    expect((await answerWith(world.acme, { challenge: before, recovery_code })).json.code).toBe('challenge_expired')
    const renewed = { ...person, password: new_password }
    const open = await challengeOf(world.acme, renewed)
    const removal = { method: 'DELETE', token: access }
    expect((await world.acme.call(`${auth}/factors/${person.factor}/`, removal)).status).toBe(204)
    expect((await answerWith(world.acme, { challenge: open, recovery_code })).json.code).toBe('challenge_expired')
    await signInAs(world.acme, renewed)
  })

  test('answers a wrong password as if there were no factor', async () => {
    const [person, other] = [await addTotp(world.acme, await newcomer()), await newcomer()]
    const answers = await Promise.all(
      [person, other].map(({ email }) =>
        world.acme.call(`${auth}/jwt/create/`, { body: { email, password: 'a wrong row of words' } }),
      ),
    )
    expect(answers.map(({ status }) => status)).toEqual([401, 401])
    expect(answers[0]!.text).toBe(answers[1]!.text)
  })
})

describe('a recovery code', () => {
  test('signs in once, in any spelling, and the user is told', async () => {
    const person = await addTotp(world.acme, await newcomer())
    const [first = '', second] = person.recovery_codes
    const spelled = ` ${first.toUpperCase().replace('-', ' ')} `
    const challenge = await challengeOf(world.acme, person)
    const signedIn = await answerWith(world.acme, { challenge, recovery_code: spelled })
    expect(signedIn.status).toBe(200)
    const again = await challengeOf(world.acme, person)
    expect((await answerWith(world.acme, { challenge: again, recovery_code: first })).status).toBe(401)
    const { json } = await world.acme.call(`${auth}/factors/`, { token: signedIn.json.access })
    expect(json.recovery_codes_left).toBe(9)
    const mails = await mailsTo(world, world.acme, person.email)
    expect(mails.at(-1)!.text).toContain('Unused recovery codes: 9.')
    // New ones void the others.
    const renewed = await world.acme.call(`${auth}/factors/recovery-codes/`, { method: 'POST', token: person.token })
    expect(renewed.json.recovery_codes).toHaveLength(10)
    const told = (await mailsTo(world, world.acme, person.email)).at(-1)!
    expect(told.subject).toBe('New recovery codes for your account at Acme Ltd')
    expect(told.text).toContain('The former ones no longer work.')
    expect(renewed.json.recovery_codes.filter((code: string) => told.text.includes(code))).toEqual([])
    expect((await answerWith(world.acme, { challenge: again, recovery_code: second })).status).toBe(401)
    const [fresh] = renewed.json.recovery_codes
    expect((await answerWith(world.acme, { challenge: again, recovery_code: fresh })).status).toBe(200)
  })

  test('is used by one of several at once, and by nobody else', async () => {
    const [person, other] = [await addTotp(world.acme, await newcomer()), await addTotp(world.acme, await newcomer())]
    const [recovery_code] = person.recovery_codes
    const foreign = await challengeOf(world.acme, other)
    expect((await answerWith(world.acme, { challenge: foreign, recovery_code })).status).toBe(401)
    const challenges = await Promise.all(Array.from({ length: 4 }, () => challengeOf(world.acme, person)))
    const answers = await Promise.all(challenges.map(challenge => answerWith(world.acme, { challenge, recovery_code })))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401, 401])
  })
})

describe('an Admin', () => {
  test('sees kinds and dates of a user, and removes all factors: the sessions end, and the user is told', async () => {
    const admin = (await signInAs(world.acme, world.acme.admin)).access
    const person = await addTotp(world.acme, await newcomer())
    const path = `${api}/users/${person.id}/factors/`
    const seen = await world.acme.call(path, { token: admin })
    expect(seen.json.factors).toEqual([{ kind: 'totp', created: expect.any(String), last_used: expect.any(String) }])
    const { access: staff } = await signInAs(world.acme, world.acme.staff)
    for (const method of ['GET', 'DELETE'])
      expect((await world.acme.call(path, { method, token: staff })).status).toBe(403)
    const foreign = (await signInAs(world.globex, world.globex.admin)).access
    for (const method of ['GET', 'DELETE'])
      expect((await world.globex.call(path, { method, token: foreign })).status).toBe(404)
    const challenge = await challengeOf(world.acme, person)
    expect((await world.acme.call(path, { method: 'DELETE', token: admin })).status).toBe(204)
    expect((await answerWith(world.acme, { challenge, code: codeOf(person.secret) })).json.code).toBe(
      'challenge_expired',
    )
    expect((await world.acme.call(`${auth}/users/me/`, { token: person.token })).status).toBe(401)
    await signInAs(world.acme, person)
    const mails = await mailsTo(world, world.acme, person.email)
    expect(mails.at(-1)!.subject).toBe('Your second factors at Acme Ltd were removed')
  })
})
