import { newId } from '#server/database/ids.ts'
import { openChallenge } from '#server/domain/factors/challenges.ts'
import { signedChallenge } from '#server/domain/factors/signed-challenges.ts'
import { newTotpSecret, presentTotp } from '#server/domain/factors/totp.ts'
import { wrap } from '#server/domain/lib/wrap.ts'
import { newToken } from '#server/domain/sessions/one-time-links.ts'
import type { SoftPasskey } from '../data/authenticator.ts'
import { createPasskey } from '../data/authenticator.ts'
import { codeOf } from '../data/totp.ts'
import type { Call } from '../http.ts'
import type { Place, World } from '../world.ts'
import { addPerson, realmOf } from '../world.ts'
import type { Caller } from './callers.ts'
import { newAddress } from './fresh.ts'
import type { Situation } from './situation.ts'

type At = Pick<Place, 'id' | 'schema' | 'origin' | 'host'>

/** Adds an authenticator app to a user. @returns its id, and the secret in base32 */
export async function insertTotp(
  { app }: World,
  place: At,
  user_id: string,
  isConfirmed = true,
): Promise<{ id: string; secret: string }> {
  const { realm } = realmOf(app, place as Place)
  const [id, secret, now] = [newId(), newTotpSecret(), new Date()]
  const wrapped = wrap(secret, app.config.secret, 'tenantry second factors', `${realm.schema}:${id}`)
  const { factors } = realm.tables
  const row = { id, user_id, kind: 'totp' as const, name: 'App', created: now, secret: wrapped }
  await realm.db.insert(factors).values({ ...row, confirmed_at: isConfirmed ? now : null })
  return { id, secret: presentTotp(secret, '', '').secret }
}

export async function insertDevice({ app }: World, place: At, user_id: string): Promise<string> {
  const { realm } = realmOf(app, place as Place)
  const [id, now] = [newId(), new Date()]
  const expires_at = new Date(now.getTime() + 3_600_000)
  const row = { id, user_id, token_hash: newToken(), created: now, last_used: now, expires_at }
  await realm.db.insert(realm.tables.devices).values(row)
  return id
}

/** The second step of the sign-in of a new user. */
export async function secondStep({ setting: { world }, target, place }: Situation): Promise<Call> {
  if (target === 'absent') return { body: { challenge: newToken(), code: '123456' } }
  const { id } = await addPerson(world, place, newAddress())
  const { secret } = await insertTotp(world, place, id)
  const challenge = newToken()
  const { realm } = realmOf(world.app, place)
  await openChallenge(realm.db, realm, id, 'sign_in', challenge)
  return { body: { challenge, code: codeOf(secret) } }
}

/** The sign-in of a new user with a passkey alone. */
export async function passkeySignIn({ setting: { world }, target, place }: Situation): Promise<Call> {
  const { realm } = realmOf(world.app, place)
  const { id } = await addPerson(world, place, newAddress())
  const passkey = await insertPasskey(world, place, id, target === 'absent')
  const challenge = signedChallenge(world.app, realm).toString('base64url')
  return { body: { credential: passkey.sign({ challenge, rpId: hostOf(place) }, place.origin) } }
}

async function insertPasskey({ app }: World, place: Place, user_id: string, isGone: boolean): Promise<SoftPasskey> {
  const { realm } = realmOf(app, place)
  const passkey = createPasskey(user_id)
  const now = new Date()
  if (isGone) return passkey
  await realm.db.insert(realm.tables.factors).values({
    id: newId(),
    user_id,
    kind: 'passkey',
    name: 'Passkey',
    created: now,
    confirmed_at: now,
    credential_id: passkey.id,
    public_key: passkey.publicKey,
    counter: 0,
    rp_id: hostOf(place),
  })
  return passkey
}

/** A new passkey of the caller. */
export async function newPasskey({ setting: { world }, caller }: Situation): Promise<Call> {
  const place = caller.surface === 'console' ? world.console : world.acme
  const challenge = newToken()
  const { person, session } = caller
  const { realm } = realmOf(world.app, place)
  if (person && session && !caller.refusal)
    await openChallenge(realm.db, realm, person.id, 'registration', challenge, { webauthn: challenge, session })
  const credential = createPasskey(person?.id ?? newId()).create({ challenge, rp: { id: hostOf(place) } }, place.origin)
  return { body: { credential } }
}

/** Gives the caller a factor. */
export async function protect(world: World, { surface, person }: Caller): Promise<void> {
  if (person) await insertTotp(world, surface === 'console' ? world.console : world.acme, person.id)
}

function hostOf({ origin }: Pick<Place, 'origin'>): string {
  return new URL(origin).hostname
}
