import type { AuthenticationResponseJSON } from '@simplewebauthn/server'
import { eq } from 'drizzle-orm'
import { newId } from '#server/database/ids.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App } from '#server/domain/context.ts'
import type { Begun, Client, SignedIn } from '#server/domain/sessions/begin.ts'
import { beginSession, finishSignIn, refuseSignIn } from '#server/domain/sessions/begin.ts'
import { hashOf } from '#server/domain/sessions/one-time-links.ts'
import { requireOpenTenant } from '#server/domain/tenants/lifecycle/standing.ts'
import { unauthorized } from '#shared/errors.ts'
import { expectSignature, findChallenged, lockSignInChallenge } from './challenges.ts'
import { authenticationOptions, findPasskeys, relyingPartyOf } from './passkeys.ts'
import { prove } from './prove.ts'
import { challengeExpired, lockUser } from './second-step.ts'
import { consumeSignedChallenge, expiryOf, signedChallenge } from './signed-challenges.ts'

/** @returns what a browser needs to sign in with any passkey of this host; the same for everyone */
export async function passkeyOptions(app: App, authRealm: AuthRealm) {
  const rpId = await relyingPartyOf(app, authRealm)
  return authenticationOptions(rpId, [], signedChallenge(app, authRealm.realm))
}

/**
 * @param token of the challenge of a sign-in
 * @returns what a browser needs to answer it with a passkey of the user
 * @throws ApiError 401 `challenge_expired`; 403, 503 if the tenant is closed
 */
export async function challengedPasskeyOptions(app: App, authRealm: AuthRealm, token: string) {
  const { realm } = authRealm
  const [user] = await Promise.all([findChallenged(realm, token), requireOpenTenant(realm.db, authRealm)])
  if (!user) throw challengeExpired()
  const rpId = await relyingPartyOf(app, authRealm)
  const options = await authenticationOptions(rpId, await findPasskeys(realm, user.id, rpId))
  await realm.transaction(async tx => {
    await lockUser(tx, realm, user.id)
    const challenge = await lockSignInChallenge(tx, realm, token)
    if (!challenge) throw challengeExpired()
    await expectSignature(tx, realm, challenge.id, options.challenge)
  })
  return options
}

/**
 * Signs in with a passkey alone. It must have verified its user, by a PIN or a fingerprint, so it counts as two
 * factors.
 * @param origin of the host that the browser is on
 * @throws ApiError 401, the same for unknown, removed and wrong passkeys and for inactive users; 429; 403, 503 if
 *   the tenant is closed
 */
export async function signInWithPasskey(
  app: App,
  authRealm: AuthRealm,
  credential: AuthenticationResponseJSON,
  origin: string,
  client: Client,
): Promise<SignedIn> {
  const { realm } = authRealm
  const [owner] = await Promise.all([findOwner(authRealm, credential.id), requireOpenTenant(realm.db, authRealm)])
  // The account of an unknown passkey is its id: limits count the same for known ones.
  const attempt = app.limits.codeAttempt(realm.schema, owner?.email ?? credential.id, client.audit.ip, false)
  await attempt.admit()
  const begun = owner && (await openWithPasskey(app, authRealm, owner.id, credential, origin, client))
  if (begun) return finishSignIn(app, authRealm, begun, client.audit)
  await attempt.countFailure()
  throw await refuseSignIn(app, authRealm, owner?.id, client, passkeyRefused())
}

async function findOwner({ realm }: AuthRealm, credentialId: string) {
  const { factors, users } = realm.tables
  const rows = await realm.db
    .select({ id: users.id, email: users.email })
    .from(factors)
    .innerJoin(users, eq(users.id, factors.user_id))
    .where(eq(factors.credential_id, credentialId))
  return rows[0]
}

async function openWithPasskey(
  app: App,
  authRealm: AuthRealm,
  userId: string,
  credential: AuthenticationResponseJSON,
  origin: string,
  client: Client,
): Promise<Begun | undefined> {
  const { realm } = authRealm
  let expires_at: Date | undefined
  let signed = ''
  const challenge = (given: string) => {
    signed = given
    expires_at = expiryOf(app, realm, given)
    return expires_at !== undefined
  }
  return realm.transaction(async tx => {
    await lockUser(tx, realm, userId)
    const proven = await prove(tx, app, authRealm, userId, { credential }, { challenge, origin }, client.audit)
    if (!proven?.isUserVerified || !expires_at) return undefined
    const use = { id: newId(), token_hash: hashOf(signed), expires_at }
    if (!(await consumeSignedChallenge(tx, realm, userId, use))) return undefined
    return beginSession(tx, app, authRealm, { userId, amr: [...proven.amr, 'mfa'], enrolFrom: null }, client)
  })
}

function passkeyRefused() {
  return unauthorized({ detail: 'This passkey cannot be used to sign in.', code: 'passkey_refused' })
}
