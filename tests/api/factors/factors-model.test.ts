import { eq } from 'drizzle-orm'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { SoftPasskey } from '../../support/data/authenticator.ts'
import { nextAddress } from '../../support/data/client-address.ts'
import { addPasskey, addTotp } from '../../support/data/factors.ts'
import { codeOf, stepHasJustBegun } from '../../support/data/totp.ts'
import type { Person } from '../../support/database/templates.ts'
import type { Answer } from '../../support/http.ts'
import { volume } from '../../support/volume.ts'
import type { Place, World } from '../../support/world.ts'
import { addPerson, api, auth, createWorld, realmOf } from '../../support/world.ts'

/**
 * Compares random sequences of signing in with factors with a model of what must be possible after each step. The same
 * seed gives the same sequences; `MODEL_SEED` sets another.
 */
const seed = Number(process.env.MODEL_SEED ?? 20_261_130)

interface Session {
  access: string
  ended: boolean
}

interface Challenge {
  token: string
  tries: number
  isOpen: boolean
}

interface Model {
  person: Person
  password: string
  totp?: { id: string; secret: string; lastStep: number }
  passkey?: { id: string; key: SoftPasskey }
  codes: { text: string; used: boolean }[]
  rule: 'optional' | 'everyone'
  sessions: Session[]
  challenges: Challenge[]
}

let world: World
let place: Place
let admin: string
beforeAll(async () => {
  // Each request has an address of its own, so no limit applies.
  world = await createWorld({ TRUSTED_PROXIES: '127.0.0.1' })
  const { call } = world.acme
  place = {
    ...world.acme,
    call: (path, options = {}) =>
      call(path, { ...options, headers: { ...options.headers, 'x-forwarded-for': nextAddress() } }),
  }
  admin = (await addTotp(place, world.acme.admin)).token
})
afterAll(() => world.stop())

test(`signing in is possible exactly with what the user has, after any sequence (seed ${seed})`, async () => {
  let people = 0
  await fc.assert(
    fc.asyncProperty(fc.commands(commands, { maxCommands: 40, size: 'max' }), async history => {
      const person = await addPerson(world, world.acme, `model-${++people}@acme.test`)
      await setRule('optional')
      const model: Model = {
        person,
        password: person.password,
        codes: [],
        rule: 'optional',
        sessions: [],
        challenges: [],
      }
      await fc.asyncModelRun(() => ({ model, real: undefined }), history)
    }),
    { seed, numRuns: volume(4, 20), endOnFailure: true },
  )
})

const picks = fc.nat(99)

const commands: fc.Arbitrary<fc.AsyncCommand<Model, undefined>>[] = [
  ...times(
    4,
    step('signs in', async model => {
      const answer = await place.call(`${auth}/jwt/create/`, { body: credentialsOf(model) })
      if (!hasFactor(model)) return opened(model, answer)
      expect([answer.status, answer.json.code]).toEqual([401, 'second_factor_required'])
      expect(answer.json.methods.sort()).toEqual(methodsOf(model))
      model.challenges.push({ token: answer.json.challenge, tries: 0, isOpen: true })
    }),
  ),
  ...times(
    2,
    fc.tuple(picks, fc.constantFrom(-2, -1, 0, 1, 2)).map(([pick, offset]) =>
      answering(
        pick,
        `answers with the code of ${offset} steps`,
        ({ totp }) => totp !== undefined,
        async model => {
          await stepHasJustBegun()
          const totp = model.totp!
          const current = Math.floor(Date.now() / 30_000) + offset
          const isRight = Math.abs(offset) <= 1 && current > totp.lastStep
          return {
            proof: { code: codeOf(totp.secret, offset) },
            isRight,
            use: () => void (totp.lastStep = current),
          }
        },
      ),
    ),
  ),
  ...times(
    2,
    fc.tuple(picks, picks).map(([pick, which]) =>
      answering(
        pick,
        'answers with a recovery code',
        ({ codes }) => codes.length > 0,
        model => {
          const code = model.codes[which % model.codes.length]!
          return Promise.resolve({
            proof: { recovery_code: code.text },
            isRight: !code.used,
            use: () => void (code.used = true),
          })
        },
      ),
    ),
  ),
  ...times(
    2,
    picks.map(pick =>
      answering(
        pick,
        'answers with the passkey',
        ({ passkey }) => passkey !== undefined,
        async (model, { token }) => {
          const { json } = await place.call(`${auth}/passkeys/options/`, { body: { challenge: token } })
          const options = json.challenge ? json : { challenge: 'AAAA', rpId: 'acme.localhost' }
          const credential = model.passkey!.key.sign(options, place.origin)
          return { proof: { credential }, isRight: json.challenge !== undefined, use: () => {} }
        },
      ),
    ),
  ),
  fc.constant(
    command(
      'signs in with the passkey alone',
      ({ passkey }) => passkey !== undefined,
      async model => {
        const { json } = await place.call(`${auth}/passkeys/options/`, { body: {} })
        const credential = model.passkey!.key.sign(json, place.origin)
        opened(model, await place.call(`${auth}/jwt/passkey/`, { body: { credential } }))
        const again = await place.call(`${auth}/jwt/passkey/`, { body: { credential } })
        expect([again.status, again.json.code]).toEqual([401, 'passkey_refused'])
      },
    ),
  ),
  fc.constant(
    command(
      'adds an app',
      model => !model.totp && liveSession(model) !== undefined,
      async model => {
        const added = await addTotp(place, model.person, liveSession(model)!.access)
        model.totp = { id: added.factor, secret: added.secret, lastStep: Math.floor(Date.now() / 30_000) - 1 }
        if (added.recovery_codes) model.codes = added.recovery_codes.map(text => ({ text, used: false }))
        voidChallenges(model)
      },
    ),
  ),
  fc.constant(
    command(
      'adds a passkey',
      model => !model.passkey && liveSession(model) !== undefined,
      async model => {
        const { access: token } = liveSession(model)!
        const before = await factorsOf(token)
        const key = await addPasskey(place, model.person, token)
        const { factors } = await factorsOf(token)
        model.passkey = { id: factors.find(({ kind }) => kind === 'passkey')!.id, key }
        voidChallenges(model)
        if (before.recovery_codes_left > 0) return
        // Those of the answer are not known here.
        const renewed = await place.call(`${auth}/factors/recovery-codes/`, { method: 'POST', token })
        model.codes = (renewed.json.recovery_codes as string[]).map(text => ({ text, used: false }))
      },
    ),
  ),
  fc.constantFrom('totp' as const, 'passkey' as const).map(kind =>
    command(
      `removes the ${kind}`,
      model => Boolean(model[kind] && liveSession(model)),
      async model => {
        const { access: token } = liveSession(model)!
        const answer = await place.call(`${auth}/factors/${model[kind]!.id}/`, { method: 'DELETE', token })
        const isLast = !(model.totp && model.passkey)
        if (isLast && model.rule === 'everyone') {
          expect([answer.status, answer.json.code]).toEqual([409, 'factor_required'])
          return
        }
        expect(answer.status).toBe(204)
        model[kind] = undefined
        if (isLast) model.codes = []
        voidChallenges(model)
      },
    ),
  ),
  fc.constant(
    command(
      'is reset by an admin',
      () => true,
      async model => {
        const path = `${api}/users/${model.person.id}/factors/`
        expect((await place.call(path, { method: 'DELETE', token: admin })).status).toBe(204)
        Object.assign(model, { totp: undefined, passkey: undefined, codes: [] })
        for (const session of model.sessions) session.ended = true
        voidChallenges(model)
      },
    ),
  ),
  fc.constantFrom('optional' as const, 'everyone' as const).map(rule =>
    command(
      `the rule becomes ${rule}`,
      () => true,
      async model => {
        await setRule(rule)
        model.rule = rule
      },
    ),
  ),
  fc.constant(
    command(
      'the password changes',
      model => Boolean(fullSession(model)),
      async model => {
        const { access: token } = fullSession(model)!
        const new_password = `a row of words ${model.sessions.length} ${model.challenges.length} ${Date.now()}`
        const body = { current_password: model.password, new_password }
        expect((await place.call(`${auth}/users/set_password/`, { token, body })).status).toBe(204)
        model.password = new_password
        for (const session of model.sessions) session.ended ||= session.access !== token
        voidChallenges(model)
      },
    ),
  ),
  fc.constant(
    command(
      'the challenges expire',
      ({ challenges }) => challenges.length > 0,
      async model => {
        const { realm } = realmOf(world.app, world.acme)
        const { challenges } = realm.tables
        await realm.db
          .update(challenges)
          .set({ expires_at: new Date(0) })
          .where(eq(challenges.user_id, model.person.id))
        voidChallenges(model)
      },
    ),
  ),
]

type Proving = (model: Model, challenge: Challenge) => Promise<{ proof: object; isRight: boolean; use: () => void }>

/** Answers one of the challenges of the sequence, open or not. */
function answering(pick: number, title: string, isPossible: (model: Model) => boolean, prove: Proving) {
  return command(
    title,
    model => model.challenges.length > 0 && isPossible(model),
    async model => {
      const challenge = model.challenges[pick % model.challenges.length]!
      const { proof, isRight, use } = await prove(model, challenge)
      const answer = await place.call(`${auth}/jwt/second-factor/`, { body: { challenge: challenge.token, ...proof } })
      if (!challenge.isOpen) return void expect([answer.status, answer.json.code]).toEqual([401, 'challenge_expired'])
      if (isRight) {
        use()
        challenge.isOpen = false
        return opened(model, answer)
      }
      expect([answer.status, answer.json.code]).toEqual([401, 'second_factor_invalid'])
      challenge.isOpen = ++challenge.tries < 5
    },
  )
}

/** A step, after which every session must be what the model says. */
function command(title: string, check: (model: Model) => boolean, work: (model: Model) => Promise<void>) {
  return {
    check: (model: Readonly<Model>) => check(model),
    async run(model: Model) {
      await work(model)
      for (const session of model.sessions) {
        const { status, json } = await place.call(`${api}/home/`, { token: session.access })
        const expected = session.ended ? 401 : statusOf(model)
        expect([title, status]).toEqual([title, expected])
        if (status === 403) expect(json.code).toBe('second_factor_enrolment_required')
      }
    },
    toString: () => title,
  } satisfies fc.AsyncCommand<Model, undefined>
}

function step(title: string, work: (model: Model) => Promise<void>) {
  return fc.constant(command(title, () => true, work))
}

function times<Item>(count: number, item: Item): Item[] {
  return Array.from({ length: count }, () => item)
}

function opened(model: Model, answer: Answer): void {
  expect(answer.status, answer.text).toBe(200)
  model.sessions.push({ access: answer.json.access, ended: false })
  if (model.sessions.length > 4) model.sessions.shift()
}

function hasFactor({ totp, passkey }: Model): boolean {
  return Boolean(totp ?? passkey)
}

function isLimited(model: Model): boolean {
  return model.rule === 'everyone' && !hasFactor(model)
}

function statusOf(model: Model): number {
  return isLimited(model) ? 403 : 200
}

function methodsOf({ totp, passkey, codes }: Model): string[] {
  return [
    ...(passkey ? ['passkey'] : []),
    ...(codes.some(({ used }) => !used) ? ['recovery_code'] : []),
    ...(totp ? ['totp'] : []),
  ]
}

function liveSession({ sessions }: Model): Session | undefined {
  return sessions.find(({ ended }) => !ended)
}

function fullSession(model: Model): Session | undefined {
  return isLimited(model) ? undefined : liveSession(model)
}

function voidChallenges({ challenges }: Model): void {
  for (const challenge of challenges) challenge.isOpen = false
}

function credentialsOf({ person, password }: Model) {
  return { email: person.email, password }
}

async function factorsOf(token: string) {
  const { json } = await place.call(`${auth}/factors/`, { token })
  return json as { factors: { id: string; kind: string }[]; recovery_codes_left: number }
}

async function setRule(second_factor: string): Promise<void> {
  const body = { second_factor, second_factor_grace: 0 }
  const answer = await place.call(`${api}/organization/`, { method: 'PATCH', token: admin, body })
  expect(answer.status).toBe(200)
}
