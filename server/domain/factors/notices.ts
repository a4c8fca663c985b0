import type { Db } from '#server/database/realms.ts'
import { recordAudit } from '#server/domain/audit/audit.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { AuditContext } from '#server/domain/context.ts'
import { enqueueMail } from '#server/domain/mail/outbox.ts'
import { countRecoveryCodes } from './recovery-codes.ts'

/** The user whom a mail goes to. */
export interface Recipient {
  id: string
  email: string
}

/** Tells a user by mail what was done with their factors or recovery codes, in its transaction. */
export async function tellOfFactor(
  tx: Db,
  authRealm: AuthRealm,
  user: Recipient,
  event: 'added' | 'removed' | 'reset' | 'recovery_codes_replaced',
  name: string | null = null,
): Promise<void> {
  await enqueueMail(tx, authRealm, { kind: 'factor_notice', to: user.email, data: { event, name, left: null } })
}

/** Records that a recovery code was used, and tells the user by mail how many are left. */
export async function tellOfRecoveryCode(
  tx: Db,
  authRealm: AuthRealm,
  user: Recipient,
  audit: AuditContext,
): Promise<void> {
  const left = await countRecoveryCodes(tx, authRealm.realm, user.id)
  const byUser = { ...audit, actor: user.id }
  await recordAudit(tx, authRealm.realm, byUser, { action: 'recovery_code.used', subject: user.id, details: { left } })
  const data = { event: 'recovery_code_used' as const, name: null, left }
  await enqueueMail(tx, authRealm, { kind: 'factor_notice', to: user.email, data })
}

/** Tells a user by mail that somebody who knows their password tries codes. */
export async function tellOfWrongCodes(authRealm: AuthRealm, user: Recipient): Promise<void> {
  const data = { event: 'wrong_codes' as const, name: null, left: null }
  await authRealm.realm.transaction(tx => enqueueMail(tx, authRealm, { kind: 'factor_notice', to: user.email, data }))
}
