import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import { endSession } from './end.ts'
import { isWithinGrace, readRefreshToken, requireLiveSession } from './live.ts'
import { punishReuse } from './reuse.ts'

/**
 * Ends the session of a refresh token: the current one, or its immediate predecessor within the grace period.
 * @param reason decides the later answer to the token: that it is blacklisted, or that its session has ended
 * @throws ApiError 401 when it has ended already
 */
export async function blacklistSession(
  app: App,
  authRealm: AuthRealm,
  refreshToken: string,
  audit: AuditContext,
  reason: 'blacklist' | 'logout' | 'replaced' = 'blacklist',
): Promise<void> {
  const claims = await readRefreshToken(app, authRealm, refreshToken, audit)
  const session = await requireLiveSession(authRealm, claims)
  if (claims.seq !== session.counter && !isWithinGrace(app, session, claims))
    throw await punishReuse(app, authRealm, session, claims, audit)
  const owner = { ...audit, actor: session.user_id, support: session.support }
  await endSession(authRealm, owner, session.user_id, reason, session.id)
}
