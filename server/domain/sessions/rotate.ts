import { and, eq, gt, isNull, sql } from 'drizzle-orm'
import type { Realm } from '#server/database/realms.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import { standingIn } from '#server/domain/tenants/lifecycle/standing.ts'
import { unavailable } from '#shared/errors.ts'
import { isWithinGrace, liveColumns, readRefreshToken, requireLiveSession } from './live.ts'
import type { TokenPair } from './open.ts'
import { mintPair } from './open.ts'
import { punishReuse } from './reuse.ts'
import type { Claims, LiveSession } from './tokens/tokens.ts'

/**
 * Exchanges a refresh token for its successor. The current token rotates the session. The one just before it gets the
 * same successor again during the grace period, for parallel tabs and retries. An older one counts as stolen and ends
 * the session.
 * @throws ApiError 401
 */
export async function rotateSession(
  app: App,
  authRealm: AuthRealm,
  refreshToken: string,
  audit: AuditContext,
): Promise<TokenPair> {
  const claims = await readRefreshToken(app, authRealm, refreshToken, audit)
  const rotated = await advance(authRealm, claims)
  const session = rotated ?? (await explainRefusal(app, authRealm, claims, audit))
  app.observer.count('refresh', rotated ? 'rotated' : 'grace')
  return mintPair(app, authRealm, session)
}

async function advance(authRealm: AuthRealm, claims: Claims): Promise<LiveSession | undefined> {
  const { realm } = authRealm
  const query = realm.prepared('advance', () => advanceQuery(realm).prepare('advance'))
  const rows = await query.execute({
    sid: claims.sid,
    user_id: claims.user_id,
    seq: claims.seq,
    now: new Date().toISOString(),
  })
  return rows[0]
}

// One compare-and-set statement: of several callers with the same token, exactly one succeeds.
function advanceQuery(realm: Realm) {
  const { users, sessions } = realm.tables
  return realm.db
    .update(sessions)
    .set({ counter: sql`${sessions.counter} + 1`, rotated_at: sql`${sql.placeholder('now')}` })
    .where(
      and(
        eq(sessions.id, sql.placeholder('sid')),
        eq(sessions.counter, sql.placeholder('seq')),
        isNull(sessions.revoked_at),
        gt(sessions.expires_at, sql`${sql.placeholder('now')}`),
        sql`exists (select 1 from ${users} u where u.id = ${sessions.user_id} and u.id = ${sql.placeholder('user_id')} and u.is_active)`,
        sql`${standingIn(realm)} = 'active'`,
      ),
    )
    .returning(liveColumns(sessions))
}

async function explainRefusal(
  app: App,
  authRealm: AuthRealm,
  claims: Claims,
  audit: AuditContext,
): Promise<LiveSession> {
  const session = await requireLiveSession(authRealm, claims)
  if (isWithinGrace(app, session, claims)) return session
  // The token is current, but was not rotated: the tenant was closed for a moment.
  if (claims.seq === session.counter) throw unavailable()
  throw await punishReuse(app, authRealm, session, claims, audit)
}
