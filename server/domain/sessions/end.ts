import { and, eq, gt, inArray, isNull, ne } from 'drizzle-orm'
import type { Db, Realm } from '#server/database/realms.ts'
import { recordAudit } from '#server/domain/audit/audit.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import { voidChallenges } from '#server/domain/factors/challenges.ts'
import { forgetDevices } from '#server/domain/factors/devices.ts'
import { markSupportAccessesEnded, endSupportAccessesBy } from '#server/domain/support/sessions.ts'
import { notFound } from '#shared/errors.ts'

export type EndReason =
  'logout' | 'replaced' | 'blacklist' | 'reuse' | 'password' | 'email' | 'deactivation' | 'revoked'

/**
 * Ends one session in a separate transaction. It may be the caller's own session.
 * @throws ApiError when the caller may no longer do it
 */
export async function endSession(
  authRealm: AuthRealm,
  audit: AuditContext,
  userId: string,
  reason: EndReason,
  sessionId: string,
): Promise<void> {
  await authRealm.realm.transaction(async tx => {
    await authRealm.recheck?.(tx, { isLast: userId === audit.actor })
    await endSessions(tx, authRealm, audit, userId, reason, { only: sessionId })
  })
}

/**
 * Ends sessions of one user, in the transaction that causes it: `only` one, the one of a `support` access, all but
 * `except`, or all. The last two also forget the user's remembered browsers and void sign-ins that are half done.
 * @returns how many were ended
 */
export async function endSessions(
  tx: Db,
  { realm }: AuthRealm,
  audit: AuditContext,
  userId: string,
  reason: EndReason,
  which: WhichSessions = {},
): Promise<number> {
  const ended = await revokeSessions(tx, realm, userId, reason, which)
  if (!which.only && !which.support) {
    await forgetDevices(tx, realm, userId)
    await voidChallenges(tx, realm, userId)
  }
  if (ended.length > 0)
    await recordAudit(tx, realm, audit, {
      action: 'session.ended',
      subject: userId,
      details: { reason, sessions: ended.map(({ id }) => id) },
    })
  const accesses = ended.flatMap(({ support_access: access }) => access ?? [])
  await markSupportAccessesEnded(tx, realm, accesses, audit, reason)
  return ended.length
}

interface WhichSessions {
  only?: string
  except?: string
  support?: string
}

function revokeSessions(
  tx: Db,
  { tables: { sessions } }: Realm,
  userId: string,
  reason: EndReason,
  { only, except, support }: WhichSessions,
) {
  const narrowing = [
    only ? eq(sessions.id, only) : undefined,
    except ? ne(sessions.id, except) : undefined,
    support ? eq(sessions.support_access, support) : undefined,
  ]
  return tx
    .update(sessions)
    .set({ revoked_at: new Date(), revoked_reason: reason })
    .where(and(eq(sessions.user_id, userId), isNull(sessions.revoked_at), ...narrowing))
    .returning({ id: sessions.id, support_access: sessions.support_access })
}

/**
 * Ends all sessions of a user but `except`, in the caller's transaction. For an operator it also ends the support
 * sessions that they opened: a thief of their password or session may have opened them.
 */
export async function endAllSessions(
  tx: Db,
  app: App,
  authRealm: AuthRealm,
  userId: string,
  reason: EndReason,
  audit: AuditContext,
  except?: string,
): Promise<void> {
  await endSessions(tx, authRealm, audit, userId, reason, { except })
  if (authRealm.kind === 'platform') await endSupportAccessesBy(tx, app, userId, audit)
}

/**
 * Finds the user of a live session.
 * @param userIds the users whose session it may be
 * @returns the user's id
 * @throws ApiError 404 if none of these users has such a session
 */
export async function requireSessionOwner(
  { tables: { sessions }, db }: Realm,
  sessionId: string,
  userIds: string[] | 'anyone',
): Promise<string> {
  const isTheirs = userIds === 'anyone' ? undefined : inArray(sessions.user_id, userIds)
  const isLive = [isNull(sessions.revoked_at), gt(sessions.expires_at, new Date())]
  const rows = await db
    .select({ user_id: sessions.user_id })
    .from(sessions)
    .where(and(eq(sessions.id, sessionId), ...isLive, isTheirs))
  if (!rows[0]) throw notFound()
  return rows[0].user_id
}
