import { expect } from 'vitest'
import type { Answer } from '../http.ts'
import type { Person } from '../database/templates.ts'
import { unlessBusy } from '../unless-busy.ts'
import type { Place } from '../world.ts'
import { auth, signInAs } from '../world.ts'
import type { SoftPasskey } from './authenticator.ts'
import { createPasskey } from './authenticator.ts'
import { codeOf, stepHasJustBegun } from './totp.ts'

/** Somebody with an authenticator app. */
export interface Protected extends Person {
  /** Base32. */
  secret: string
  factor: string
  recovery_codes: string[]
  /** Access token of the session in which it was added. */
  token: string
}

/** Adds an authenticator app through the real endpoints, with the code of the step before the current one. */
export async function addTotp(place: Place, person: Person, token?: string): Promise<Protected> {
  await stepHasJustBegun()
  const access = token ?? (await signInAs(place, person)).access
  const begun = await place.call(`${auth}/factors/totp/`, { token: access, body: {} })
  expect(begun.status).toBe(201)
  const { id, secret } = begun.json
  const confirmed = await place.call(`${auth}/factors/totp/${id}/confirmation/`, {
    method: 'PUT',
    token: access,
    body: { code: codeOf(secret, -1) },
  })
  expect(confirmed.status).toBe(200)
  return { ...person, secret, factor: id, recovery_codes: confirmed.json.recovery_codes, token: access }
}

/** Adds a passkey through the real endpoints. */
export async function addPasskey(place: Place, person: Person, token: string): Promise<SoftPasskey> {
  const passkey = createPasskey(person.id)
  const { json: options } = await place.call(`${auth}/factors/passkeys/options/`, { method: 'POST', token })
  const added = await place.call(`${auth}/factors/passkeys/`, {
    token,
    body: { credential: passkey.create(options, place.origin) },
  })
  expect(added.status).toBe(201)
  return passkey
}

/** The first step of a sign-in with a second factor. @returns the challenge */
export async function challengeOf(place: Place, { email, password }: Person, door = 'jwt/create'): Promise<string> {
  const call = { body: { email, password }, sameOrigin: door === 'session' }
  const answer = await unlessBusy(() => place.call(`${auth}/${door}/`, call))
  expect(answer.json).toMatchObject({ code: 'second_factor_required' })
  expect(answer.status).toBe(401)
  return answer.json.challenge
}

/** The second step. */
export function answerWith(place: Place, body: object, door = 'jwt'): Promise<Answer> {
  return place.call(`${auth}/${door}/second-factor/`, { body, sameOrigin: door === 'session' })
}
