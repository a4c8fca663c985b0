import type { AuthenticationResponseJSON } from '@simplewebauthn/server'
import { and, eq, isNotNull, isNull, lt, or } from 'drizzle-orm'
import type { Db, Realm } from '#server/database/realms.ts'
import { recordAudit } from '#server/domain/audit/audit.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import { unwrap } from '#server/domain/lib/wrap.ts'
import { verifyAssertion } from './passkeys.ts'
import { consumeRecoveryCode } from './recovery-codes.ts'
import { findStep } from './totp.ts'

/** What a user gives to prove that it is them: exactly one of these. */
export interface Proof {
  code?: string
  recovery_code?: string
  credential?: AuthenticationResponseJSON
}

export interface Proven {
  method: 'totp' | 'passkey' | 'recovery_code'
  /** As in RFC 8176. */
  amr: string[]
  isUserVerified: boolean
}

/** What a passkey has to sign, and on which origin. */
export interface Ceremony {
  challenge: string | ((challenge: string) => boolean) | null
  origin: string
}

/**
 * Checks a proof and uses it up, in the caller's transaction, which must have locked the user: of several simultaneous
 * uses, one succeeds.
 * @returns undefined if it is wrong
 */
export async function prove(
  tx: Db,
  app: App,
  { realm }: AuthRealm,
  userId: string,
  { code, recovery_code, credential }: Proof,
  ceremony: Ceremony,
  audit: AuditContext,
): Promise<Proven | undefined> {
  if (code !== undefined) return proveTotp(tx, app, realm, userId, code)
  if (recovery_code !== undefined) {
    const isRight = await consumeRecoveryCode(tx, app, realm, userId, recovery_code)
    return isRight ? { method: 'recovery_code', amr: ['otp'], isUserVerified: false } : undefined
  }
  return credential && provePasskey(tx, app, realm, userId, credential, ceremony, audit)
}

async function proveTotp(tx: Db, app: App, realm: Realm, userId: string, code: string): Promise<Proven | undefined> {
  const { factors } = realm.tables
  const rows = await tx
    .select({ id: factors.id, secret: factors.secret })
    .from(factors)
    .where(and(eq(factors.user_id, userId), eq(factors.kind, 'totp'), isNotNull(factors.confirmed_at)))
  for (const { id, secret } of rows) {
    const step = findStep(openSecret(app, realm, id, secret!), code)
    if (step !== undefined && (await acceptStep(tx, realm, id, step)))
      return { method: 'totp', amr: ['otp'], isUserVerified: false }
  }
  return undefined
}

/** Decrypts the secret of an authenticator app. Realm and factor are its context, so it works only in its own row. */
export function openSecret({ config }: App, { schema }: Realm, id: string, secret: string): Buffer {
  return unwrap(secret, config.secret, 'tenantry second factors', `${schema}:${id}`)
}

/** A code is accepted once (RFC 6238, 5.2), and none that is older than one that was. */
export async function acceptStep(tx: Db, { tables: { factors } }: Realm, id: string, step: number): Promise<boolean> {
  const accepted = await tx
    .update(factors)
    .set({ last_step: step, last_used: new Date() })
    .where(and(eq(factors.id, id), or(isNull(factors.last_step), lt(factors.last_step, step))))
    .returning({ id: factors.id })
  return accepted.length > 0
}

async function provePasskey(
  tx: Db,
  app: App,
  realm: Realm,
  userId: string,
  credential: AuthenticationResponseJSON,
  { challenge, origin }: Ceremony,
  audit: AuditContext,
): Promise<Proven | undefined> {
  const { factors } = realm.tables
  const { id, credential_id, public_key, counter, rp_id, user_id } = factors
  const rows = await tx
    .select({ id, credential_id, public_key, counter, rp_id, user_id })
    .from(factors)
    .where(and(eq(credential_id, credential.id), eq(user_id, userId), eq(factors.kind, 'passkey')))
    .for('update')
  const passkey = rows[0]
  if (!passkey || challenge === null) return undefined
  const assertion = await verifyAssertion(app, passkey, credential, challenge, origin)
  if (!assertion) return undefined
  if (!isAhead(assertion.counter, passkey.counter!)) {
    await recordAudit(tx, realm, audit, { action: 'factor.counter_refused', subject: userId })
    return undefined
  }
  const { backed_up, isUserVerified } = assertion
  await tx
    .update(factors)
    .set({ counter: assertion.counter, backed_up, last_used: new Date() })
    .where(eq(factors.id, passkey.id))
  const key = backed_up ? 'swk' : 'hwk'
  return { method: 'passkey', amr: isUserVerified ? [key, 'user'] : [key], isUserVerified }
}

// A counter that does not advance means that the passkey was copied (WebAuthn, 6.1.1). Many do not count: always 0.
function isAhead(counter: number, before: number): boolean {
  return counter > before || (counter === 0 && before === 0)
}
