import type { SQL } from 'drizzle-orm'
import { and, asc, eq, isNotNull, sql } from 'drizzle-orm'
import type { Db, Realm } from '#server/database/realms.ts'
import { logEvent } from '#server/domain/audit/audit.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App } from '#server/domain/context.ts'
import type { Begun, Client, SignedIn } from '#server/domain/sessions/begin.ts'
import { beginSession, finishSignIn, refuseSignIn } from '#server/domain/sessions/begin.ts'
import { newToken } from '#server/domain/sessions/one-time-links.ts'
import { noActiveAccount } from '#server/domain/sessions/refusals.ts'
import { requireOpenTenant, standingIn } from '#server/domain/tenants/lifecycle/standing.ts'
import type { ApiError } from '#shared/errors.ts'
import { unauthorized } from '#shared/errors.ts'
import { closeChallenge, countTry, findChallenged, lockSignInChallenge, openChallenge } from './challenges.ts'
import type { RememberedDevice } from './devices.ts'
import { rememberDevice } from './devices.ts'
import { tellOfRecoveryCode, tellOfWrongCodes } from './notices.ts'
import type { Proof, Proven } from './prove.ts'
import { prove } from './prove.ts'
import { countRecoveryCodes } from './recovery-codes.ts'

export type Method = 'totp' | 'passkey' | 'recovery_code'

/**
 * Opens the challenge of a sign-in with a right password.
 * @param isUnchanged what must still be true of the user
 * @param renewed a new hash of the same password
 * @returns the 401 to throw: it has the challenge's token, and the methods that answer it
 */
export async function demandSecondFactor(
  app: App,
  authRealm: AuthRealm,
  userId: string,
  isUnchanged: SQL,
  renewed: string | undefined,
  client: Client,
): Promise<ApiError> {
  const { realm } = authRealm
  const { users } = realm.tables
  const challenge = newToken()
  const methods = await realm.transaction(async tx => {
    const isAllowed = and(eq(users.id, userId), eq(users.is_active, true), isUnchanged)
    const rows = await tx
      .select({ id: users.id })
      .from(users)
      .where(and(isAllowed, sql`${standingIn(realm)} = 'active'`))
      .for('no key update')
    if (!rows[0]) return undefined
    if (renewed !== undefined) await tx.update(users).set({ password: renewed }).where(eq(users.id, userId))
    await openChallenge(tx, realm, userId, 'sign_in', challenge)
    return listMethods(tx, realm, userId)
  })
  if (!methods) return refuseSignIn(app, authRealm, userId, client)
  app.observer.count('sign_in', 'challenged')
  logEvent(app, authRealm, client.audit, 'second_factor_required', { user: userId })
  return unauthorized({ detail: 'A second factor is required.', code: 'second_factor_required', challenge, methods })
}

/** The methods with which a user can answer a challenge. */
export async function listMethods(db: Db, realm: Realm, userId: string): Promise<Method[]> {
  const { factors } = realm.tables
  const [kinds, codes] = await Promise.all([
    db
      .selectDistinct({ kind: factors.kind })
      .from(factors)
      .where(and(eq(factors.user_id, userId), isNotNull(factors.confirmed_at)))
      .orderBy(asc(factors.kind)),
    countRecoveryCodes(db, realm, userId),
  ])
  return [...kinds.map(({ kind }) => kind), ...(codes > 0 ? (['recovery_code'] as const) : [])]
}

export interface Answer extends Proof {
  challenge: string
  remember_device?: boolean
}

interface Outcome {
  begun?: Begun
  proven?: Proven
  device?: RememberedDevice
  fault?: 'expired' | 'wrong'
}

/**
 * Answers the challenge of a sign-in, and opens the session. A challenge can be answered for five minutes, with five
 * tries, and once.
 * @param origin of the host that the browser is on
 * @throws ApiError 401 `second_factor_invalid` or `challenge_expired`, 429; 403, 503 if the tenant is closed
 */
export async function answerChallenge(
  app: App,
  authRealm: AuthRealm,
  answer: Answer,
  origin: string,
  client: Client,
): Promise<SignedIn & { device?: RememberedDevice }> {
  const { realm } = authRealm
  const [user] = await Promise.all([findChallenged(realm, answer.challenge), requireOpenTenant(realm.db, authRealm)])
  if (!user) throw challengeExpired()
  const attempt = app.limits.codeAttempt(realm.schema, user.email, client.audit.ip, answer.code !== undefined)
  await attempt.admit()
  const { begun, proven, device, fault } = await realm.transaction(tx =>
    answerLocked(tx, app, authRealm, user.id, answer, origin, client),
  )
  if (fault !== 'wrong') await attempt.giveBack()
  if (fault === 'expired') throw challengeExpired()
  if (fault === 'wrong') {
    await attempt.countFailure()
    if (await attempt.isTimeToTell()) await tellOfWrongCodes(authRealm, user)
    throw await refuseSignIn(app, authRealm, user.id, client, secondFactorInvalid())
  }
  if (!begun) throw await refuseSignIn(app, authRealm, user.id, client, noActiveAccount())
  await attempt.forgive()
  if (proven?.method === 'recovery_code')
    logEvent(app, authRealm, client.audit, 'recovery_code_used', { user: user.id })
  return { ...(await finishSignIn(app, authRealm, begun, client.audit)), device }
}

async function answerLocked(
  tx: Db,
  app: App,
  authRealm: AuthRealm,
  userId: string,
  { challenge: token, remember_device, ...proof }: Answer,
  origin: string,
  client: Client,
): Promise<Outcome> {
  const { realm } = authRealm
  await lockUser(tx, realm, userId)
  const challenge = await lockSignInChallenge(tx, realm, token)
  if (!challenge) return { fault: 'expired' }
  const proven = await prove(tx, app, authRealm, userId, proof, { challenge: challenge.webauthn, origin }, client.audit)
  if (!proven) {
    await countTry(tx, realm, challenge.id)
    return { fault: 'wrong' }
  }
  await closeChallenge(tx, realm, challenge.id)
  const begun = await beginSession(
    tx,
    app,
    authRealm,
    { userId, amr: ['pwd', ...proven.amr, 'mfa'], enrolFrom: null },
    client,
  )
  if (!begun) return {}
  if (proven.method === 'recovery_code') await tellOfRecoveryCode(tx, authRealm, begun.user, client.audit)
  const opening = { ip: client.audit.ip, user_agent: client.userAgent }
  const device = remember_device ? await rememberDevice(tx, realm, userId, opening) : undefined
  return { begun, proven, device }
}

/** Locks a user, before their challenges and factors: always in this order, so that nothing deadlocks. */
export async function lockUser(tx: Db, { tables: { users } }: Realm, userId: string): Promise<void> {
  await tx.select({ id: users.id }).from(users).where(eq(users.id, userId)).for('no key update')
}

/** A challenge that cannot be answered any more. */
export function challengeExpired(): ApiError {
  return unauthorized({ detail: 'Too much time or too many tries. Please sign in again.', code: 'challenge_expired' })
}

function secondFactorInvalid(): ApiError {
  return unauthorized({ detail: 'Invalid code.', code: 'second_factor_invalid' })
}
