import { and, eq, sql } from 'drizzle-orm'
import type { Db, Realm } from '#server/database/realms.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import { supportedBy } from '#server/domain/support/sessions.ts'
import { closedAnswer, standingIn } from '#server/domain/tenants/lifecycle/standing.ts'
import { userColumns } from '#server/domain/users/users.ts'
import { forbidden, unauthorized } from '#shared/errors.ts'
import { authenticatedAt } from './live.ts'
import { sessionRevoked } from './refusals.ts'
import type { TokenFault } from './tokens/tokens.ts'
import { TokenError } from './tokens/tokens.ts'
import { verifyToken } from './tokens/verify.ts'

export type Principal = Awaited<ReturnType<typeof loadPrincipal>>

/**
 * Loads the caller by an access token. One query checks whether user, session and tenant are all still valid.
 * @throws ApiError 401, 403 or 503 when the tenant is closed; never a TokenError
 */
export async function requirePrincipal(
  app: App,
  authRealm: AuthRealm,
  accessToken: string,
  audit: AuditContext,
): Promise<Principal> {
  try {
    const claims = await verifyToken(app, authRealm, accessToken, ['access'], audit)
    return await loadPrincipal(authRealm, claims)
  } catch (error) {
    if (!(error instanceof TokenError)) throw error
    throw accessRefused(error.fault)
  }
}

/**
 * @param tx a transaction, to read the current state
 * @throws ApiError 401 with the code of what is no longer valid, 403 or 503 when the tenant is closed
 */
export async function loadPrincipal(authRealm: AuthRealm, { user_id, sid }: { user_id: string; sid: string }, tx?: Db) {
  const row = await findPrincipal(authRealm, user_id, sid, tx)
  if (!row) throw unauthorized({ detail: 'User not found', code: 'user_not_found' })
  // The last check before the caller is let in, independent of the connection's guards.
  if (row.user.id !== user_id || (row.session && row.session.id !== sid))
    throw authRealm.realm.distrust('principal: another user or session than the token names')
  const closed = closedAnswer(row.standing)
  if (closed) throw closed
  if (!row.user.is_active) throw unauthorized({ detail: 'User is inactive', code: 'user_inactive' })
  if (!row.session || row.session.revoked_at || row.session.expires_at <= new Date()) throw sessionRevoked()
  return { user: row.user, session: row.session }
}

async function findPrincipal(authRealm: AuthRealm, user_id: string, sid: string, tx?: Db) {
  const { realm } = authRealm
  const query = tx
    ? selectPrincipal(realm, tx)
    : realm.prepared('principal', () => selectPrincipal(realm, realm.db).prepare('principal'))
  const rows = await query.execute({ user_id, sid })
  return rows[0]
}

/**
 * Checks in a transaction whether a principal is unchanged since it was let in.
 * @throws ApiError as `loadPrincipal`; 403 if the role has changed
 */
export async function recheckPrincipal(tx: Db, authRealm: AuthRealm, { user, session }: Principal): Promise<void> {
  const {
    user: { role },
  } = await loadPrincipal(authRealm, { user_id: user.id, sid: session.id }, tx)
  if (role !== user.role) throw forbidden()
}

function selectPrincipal(realm: Realm, db: Db) {
  const { users, sessions } = realm.tables
  const { id, expires_at, revoked_at, is_read_only, enrol_from } = sessions
  const authenticated_at = authenticatedAt(sessions)
  const support = supportedBy(realm)
  const session = { id, expires_at, revoked_at, is_read_only, enrol_from, authenticated_at, support }
  return db
    .select({ user: userColumns(users), session, standing: standingIn(realm) })
    .from(users)
    .leftJoin(sessions, and(eq(sessions.id, sql.placeholder('sid')), eq(sessions.user_id, users.id)))
    .where(eq(users.id, sql.placeholder('user_id')))
}

function accessRefused(fault: TokenFault) {
  return unauthorized({
    detail: 'Given token not valid for any token type',
    code: 'token_not_valid',
    messages: [{ token_class: 'AccessToken', token_type: 'access', message: fault }],
  })
}
