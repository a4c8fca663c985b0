import { and, eq, isNotNull } from 'drizzle-orm'
import type { Db, Realm } from '#server/database/realms.ts'
import { recordAudit } from '#server/domain/audit/audit.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import { conflict } from '#shared/errors.ts'
import { voidChallenges } from './challenges.ts'
import type { Recipient } from './notices.ts'
import { tellOfFactor } from './notices.ts'
import { applyFactorRule } from './policy.ts'
import { countRecoveryCodes, replaceRecoveryCodes } from './recovery-codes.ts'

/** Factors that one user can have. */
const factorsLimit = 20

/** @throws ApiError 409 `wrong_state` if the user has too many factors */
export async function requireRoom(tx: Db, { tables: { factors } }: Realm, userId: string): Promise<void> {
  const count = await tx.$count(factors, and(eq(factors.user_id, userId), isNotNull(factors.confirmed_at)))
  if (count >= factorsLimit)
    throw conflict(`You can have at most ${factorsLimit} factors. Remove one first.`, 'wrong_state')
}

/**
 * What follows when a user has a new factor, in its transaction: open challenges are void, the user's sessions need not
 * be limited any more, and the user is told by mail.
 * @returns recovery codes, if the user had none
 */
export async function settleNewFactor(
  tx: Db,
  app: App,
  authRealm: AuthRealm,
  user: Recipient,
  factor: { kind: 'totp' | 'passkey'; name: string },
  audit: AuditContext,
): Promise<string[] | null> {
  const { realm } = authRealm
  await voidChallenges(tx, realm, user.id)
  await applyFactorRule(tx, app, realm, user.id)
  await recordAudit(tx, realm, audit, { action: 'factor.added', subject: user.id, details: factor })
  await tellOfFactor(tx, authRealm, user, 'added', factor.name)
  const left = await countRecoveryCodes(tx, realm, user.id)
  return left === 0 ? replaceRecoveryCodes(tx, app, realm, user.id) : null
}
