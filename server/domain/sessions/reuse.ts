import { eq } from 'drizzle-orm'
import type { Db, Realm } from '#server/database/realms.ts'
import { logEvent, recordAudit } from '#server/domain/audit/audit.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import { enqueueMail } from '#server/domain/mail/outbox.ts'
import type { ApiError } from '#shared/errors.ts'
import { endSessions } from './end.ts'
import { blacklisted } from './refusals.ts'
import type { Claims, LiveSession } from './tokens/tokens.ts'

/**
 * Ends a session whose older refresh token was presented, and mails its user. Two clients hold tokens of the session,
 * and it is unknown which of them is the thief.
 * @returns the 401 to throw
 */
export async function punishReuse(
  app: App,
  authRealm: AuthRealm,
  session: LiveSession,
  claims: Claims,
  audit: AuditContext,
): Promise<ApiError> {
  const { realm } = authRealm
  app.observer.count('refresh', 'reuse')
  const hasEnded = await realm.transaction(async tx => {
    const ended = await endSessions(tx, authRealm, audit, session.user_id, 'reuse', { only: session.id })
    if (ended === 0) return false
    await recordReuse(tx, realm, session, claims, audit)
    await tellOwner(tx, authRealm, session)
    return true
  })
  if (hasEnded) logEvent(app, authRealm, audit, 'refresh_token_reused', { user: session.user_id, session: session.id })
  return blacklisted()
}

async function recordReuse(
  tx: Db,
  realm: Realm,
  session: LiveSession,
  claims: Claims,
  audit: AuditContext,
): Promise<void> {
  await recordAudit(tx, realm, audit, {
    action: 'session.reuse_detected',
    subject: session.user_id,
    details: { session: session.id, presented: claims.seq, current: session.counter },
  })
}

async function tellOwner(tx: Db, authRealm: AuthRealm, session: LiveSession): Promise<void> {
  const { users } = authRealm.realm.tables
  const owners = await tx.select({ email: users.email }).from(users).where(eq(users.id, session.user_id))
  if (owners[0]) await enqueueMail(tx, authRealm, { kind: 'session_reuse', to: owners[0].email, data: {} })
}
