import type { SQL } from 'drizzle-orm'
import { and, eq, sql } from 'drizzle-orm'
import type { Realm } from '#server/database/realms.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import { supportedBy } from '#server/domain/support/sessions.ts'
import { closedAnswer, standingIn } from '#server/domain/tenants/lifecycle/standing.ts'
import type { ApiError } from '#shared/errors.ts'
import { unauthorized } from '#shared/errors.ts'
import { blacklisted, sessionRevoked } from './refusals.ts'
import type { Claims, LiveSession } from './tokens/tokens.ts'
import { TokenError } from './tokens/tokens.ts'
import { verifyToken } from './tokens/verify.ts'

/** Checks whether an access or refresh token is valid now: its signature, session, user and counter. */
export async function isLiveToken(
  app: App,
  authRealm: AuthRealm,
  token: string,
  audit: AuditContext,
): Promise<boolean> {
  try {
    const claims = await verifyToken(app, authRealm, token, ['access', 'refresh'], audit)
    const session = await requireLiveSession(authRealm, claims)
    return claims.type === 'access' || claims.seq === session.counter || isWithinGrace(app, session, claims)
  } catch (error) {
    if (error instanceof TokenError || (error as ApiError).status === 401) return false
    throw error
  }
}

/** Verifies a refresh token. @throws ApiError 401 */
export async function readRefreshToken(
  app: App,
  authRealm: AuthRealm,
  token: string,
  audit: AuditContext,
): Promise<Claims> {
  try {
    return await verifyToken(app, authRealm, token, ['refresh'], audit)
  } catch (error) {
    if (!(error instanceof TokenError)) throw error
    throw unauthorized({ detail: error.fault, code: 'token_not_valid' })
  }
}

/** Loads the session of verified claims. @throws ApiError 401, or 403 or 503 where the tenant is closed */
export async function requireLiveSession(
  authRealm: AuthRealm,
  claims: Claims,
): Promise<LiveSession & { support: string | null }> {
  const session = await findSession(authRealm, claims)
  const closed = session && closedAnswer(session.standing)
  if (closed) throw closed
  if (!session?.is_active) throw unauthorized({ detail: 'No active account found for the given token.' })
  if (session.revoked_at)
    throw session.revoked_reason === 'blacklist' || claims.seq < session.counter ? blacklisted() : sessionRevoked()
  if (session.expires_at <= new Date()) throw unauthorized({ detail: 'Token is expired', code: 'token_not_valid' })
  return session
}

async function findSession(authRealm: AuthRealm, claims: Claims) {
  const { realm } = authRealm
  const { sessions, users } = realm.tables
  const { revoked_at, revoked_reason } = sessions
  const { is_active } = users
  const state = { revoked_at, revoked_reason, is_active, support: supportedBy(realm), standing: standingIn(realm) }
  const rows = await realm.db
    .select({ ...liveColumns(sessions), ...state })
    .from(sessions)
    .innerJoin(users, eq(users.id, sessions.user_id))
    .where(and(eq(sessions.id, claims.sid), eq(users.id, claims.user_id)))
  return rows[0]
}

/** Whether the claims are those of the token just before the current one, within the grace period. */
export function isWithinGrace(app: App, session: LiveSession, claims: Claims): boolean {
  const age = Date.now() - session.rotated_at.getTime()
  return claims.seq === session.counter - 1 && age < app.config.ttl.refreshGrace * 1000
}

/** The columns of a `LiveSession`. */
export function liveColumns(sessions: Realm['tables']['sessions']) {
  return {
    id: sessions.id,
    user_id: sessions.user_id,
    counter: sessions.counter,
    rotated_at: sessions.rotated_at,
    expires_at: sessions.expires_at,
    authenticated_at: authenticatedAt(sessions),
    amr: sessions.amr,
  }
}

/** When the user of a session last proved that it is them. */
export function authenticatedAt({ authenticated_at, created }: Realm['tables']['sessions']): SQL<Date> {
  return sql`coalesce(${authenticated_at}, ${created})`.mapWith(created) as SQL<Date>
}
