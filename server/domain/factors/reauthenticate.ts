import { eq } from 'drizzle-orm'
import type { Db } from '#server/database/realms.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import { recordAudit } from '#server/domain/audit/audit.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import type { Principal } from '#server/domain/sessions/principal.ts'
import { beyondSupport } from '#server/domain/sessions/refusals.ts'
import { requireCurrentPassword } from '#server/domain/users/passwords.ts'
import { ApiError, invalid } from '#shared/errors.ts'
import { closeChallenge, lockSessionChallenge, openChallenge } from './challenges.ts'
import { authenticationOptions, findPasskeys, relyingPartyOf } from './passkeys.ts'
import type { Proof } from './prove.ts'
import { prove } from './prove.ts'
import { listMethods, lockUser } from './second-step.ts'

/** Seconds for which a session may do what needs reauthentication. Signing in counts. */
const reauthenticationLife = 15 * 60

/** Whether the user has proved lately enough that it is them. */
function isRecent({ authenticated_at }: Principal['session']): boolean {
  return Date.now() - authenticated_at.getTime() < reauthenticationLife * 1000
}

/** @throws ApiError 403, with the methods that the user has, unless they have proved lately that it is them */
export async function requireRecent(db: Db, { realm }: AuthRealm, { user, session }: Principal): Promise<void> {
  // An operator cannot prove that they are the user.
  if (session.support !== null) throw beyondSupport()
  if (isRecent(session)) return
  const methods = await listMethods(db, realm, user.id)
  throw new ApiError(403, {
    detail: 'Please confirm that it is you.',
    code: 'reauthentication_required',
    methods: ['password', ...methods.filter(method => method !== 'recovery_code')],
  })
}

/** @returns what a browser needs to confirm with a passkey of the user; only this session can use it */
export async function beginReauthentication(app: App, authRealm: AuthRealm, { user, session }: Principal) {
  const { realm } = authRealm
  const rpId = await relyingPartyOf(app, authRealm)
  const options = await authenticationOptions(rpId, await findPasskeys(realm, user.id, rpId))
  await realm.transaction(async tx => {
    await lockUser(tx, realm, user.id)
    const bound = { webauthn: options.challenge, session: session.id }
    await openChallenge(tx, realm, user.id, 'reauthentication', options.challenge, bound)
  })
  return options
}

/**
 * Confirms that it is the user who uses the session.
 * @param proof exactly one of these
 * @param origin of the host that the browser is on
 * @throws ApiError 400 on the field, 429, 503
 */
export async function reauthenticate(
  app: App,
  authRealm: AuthRealm,
  { user, session }: Principal,
  { current_password, ...proof }: { current_password?: string } & Omit<Proof, 'recovery_code'>,
  origin: string,
  audit: AuditContext,
): Promise<void> {
  const { realm } = authRealm
  const { sessions } = realm.tables
  if (current_password !== undefined) await requireCurrentPassword(app, authRealm, user, current_password, audit)
  else await requireProof(app, authRealm, { user, session }, proof, origin, audit)
  await realm.transaction(async tx => {
    await tx.update(sessions).set({ authenticated_at: new Date() }).where(eq(sessions.id, session.id))
    await recordAudit(tx, realm, audit, { action: 'session.reauthenticated', subject: user.id })
  })
}

async function requireProof(
  app: App,
  authRealm: AuthRealm,
  { user, session }: Principal,
  proof: Omit<Proof, 'recovery_code'>,
  origin: string,
  audit: AuditContext,
): Promise<void> {
  const { realm } = authRealm
  const attempt = app.limits.codeAttempt(realm.schema, user.email, audit.ip, proof.code !== undefined)
  await attempt.admit()
  const proven = await realm.transaction(async tx => {
    await lockUser(tx, realm, user.id)
    const challenge = proof.credential && (await lockSessionChallenge(tx, realm, session.id, 'reauthentication'))
    if (challenge) await closeChallenge(tx, realm, challenge.id)
    return prove(tx, app, authRealm, user.id, proof, { challenge: challenge?.webauthn ?? null, origin }, audit)
  })
  if (proven) return attempt.giveBack()
  await attempt.countFailure()
  await recordAudit(realm.db, realm, audit, { action: 'factor.refused', subject: user.id })
  throw invalid(proof.code === undefined ? { credential: ['Invalid passkey.'] } : { code: ['Invalid code.'] })
}
