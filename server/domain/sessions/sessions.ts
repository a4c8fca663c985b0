import { and, eq, gt, inArray, isNull, ne, sql } from 'drizzle-orm'
import { newId } from '#server/database/ids.ts'
import type { Db, Realm } from '#server/database/realms.ts'
import { logEvent, recordAudit } from '#server/domain/audit/audit.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App, Origin } from '#server/domain/context.ts'
import { enqueueMail } from '#server/domain/mail/outbox.ts'
import { closeSupportAccesses, endSupportAccessesBy, supportedBy } from '#server/domain/support/sessions.ts'
import { closedAnswer, standingIn, standingNow, tenantOf } from '#server/domain/tenants/status.ts'
import { notFound, unauthorized, unavailable } from '#shared/errors.ts'
import type { ApiError } from '#shared/errors.ts'
import { sessionRevoked } from './refusals.ts'
import type { Claims, LiveSession } from './tokens.ts'
import { TokenError, mintAccess, mintRefresh, verifyToken } from './tokens.ts'

export interface TokenPair {
  access: { token: string; expires_at: Date }
  refresh: { token: string; expires_at: Date }
}

export type EndReason = 'logout' | 'blacklist' | 'reuse' | 'password' | 'deactivation' | 'revoked'

/**
 * Makes the row of a new session, in the sign-in's transaction; `mintPair` turns it into tokens.
 * @param support the access by which an operator opens it in the user's place; it ends with that
 */
export async function insertSession(
  tx: Db,
  app: App,
  { tables: { sessions } }: Realm,
  userId: string,
  client: { ip: string | null; user_agent: string | null },
  support?: { id: string; is_read_only: boolean; expires_at: Date },
): Promise<LiveSession> {
  const now = new Date()
  const session = {
    id: newId(),
    user_id: userId,
    counter: 0,
    rotated_at: now,
    expires_at: support?.expires_at ?? new Date(now.getTime() + app.config.ttl.session * 1000),
  }
  await tx.insert(sessions).values({
    ...session,
    created: now,
    ip: client.ip,
    user_agent: client.user_agent?.slice(0, 400),
    support_access: support?.id,
    is_read_only: support?.is_read_only,
  })
  return session
}

/** @returns the session's refresh token as of its counter, and a new access token */
export async function mintPair(app: App, authRealm: AuthRealm, session: LiveSession): Promise<TokenPair> {
  const [access, refresh] = await Promise.all([
    mintAccess(app, authRealm, session, new Date()),
    mintRefresh(app, authRealm, session),
  ])
  return { access, refresh }
}

/**
 * Trades a refresh token for its successor. The current one rotates the session; the one just before it
 * gets the same successor again while the grace lasts, so that tabs and retries may race; anything older
 * was stolen or kept, and ends the session.
 * @throws ApiError 401
 */
export async function rotateSession(
  app: App,
  authRealm: AuthRealm,
  refreshToken: string,
  origin: Origin,
): Promise<TokenPair> {
  const claims = await readRefreshToken(app, authRealm, refreshToken, origin)
  const session = (await advance(authRealm, claims)) ?? (await explainRefusal(app, authRealm, claims, origin))
  return mintPair(app, authRealm, session)
}

// One compare-and-set statement: of any number of callers with one token, one finds its counter still there.
async function advance(authRealm: AuthRealm, claims: Claims): Promise<LiveSession | undefined> {
  const { realm } = authRealm
  const { users, sessions } = realm.tables
  const query = realm.prepared('advance', () =>
    realm.db
      .update(sessions)
      .set({ counter: sql`${sessions.counter} + 1`, rotated_at: sql`${sql.placeholder('now')}` })
      .where(
        and(
          eq(sessions.id, sql.placeholder('sid')),
          eq(sessions.counter, sql.placeholder('seq')),
          isNull(sessions.revoked_at),
          gt(sessions.expires_at, sql`${sql.placeholder('now')}`),
          sql`exists (select 1 from ${users} u where u.id = ${sessions.user_id} and u.id = ${sql.placeholder('user_id')} and u.is_active)`,
          sql`${standingNow} = 'active'`,
        ),
      )
      .returning(liveColumns(sessions))
      .prepare('advance'),
  )
  const rows = await query.execute({
    sid: claims.sid,
    user_id: claims.user_id,
    seq: claims.seq,
    now: new Date().toISOString(),
    tenant: tenantOf(authRealm),
  })
  return rows[0]
}

async function explainRefusal(app: App, authRealm: AuthRealm, claims: Claims, origin: Origin): Promise<LiveSession> {
  const session = await requireLiveSession(authRealm, claims)
  if (isWithinGrace(app, session, claims)) return session
  // Still current, and yet not advanced: the tenant was closed for that moment.
  if (claims.seq === session.counter) throw unavailable()
  throw await punishReuse(app, authRealm, session, claims, origin)
}

/**
 * Ends the session of a refresh token, by the current one or its immediate parent within the grace.
 * @param reason decides what the token is told from then on: that it is blacklisted, or that its session has ended
 * @throws ApiError 401 when it has ended already
 */
export async function blacklistSession(
  app: App,
  authRealm: AuthRealm,
  refreshToken: string,
  origin: Origin,
  reason: 'blacklist' | 'logout' = 'blacklist',
): Promise<void> {
  const claims = await readRefreshToken(app, authRealm, refreshToken, origin)
  const session = await requireLiveSession(authRealm, claims)
  if (claims.seq !== session.counter && !isWithinGrace(app, session, claims))
    throw await punishReuse(app, authRealm, session, claims, origin)
  await endSessions(
    authRealm,
    { ...origin, actor: session.user_id, support: session.support },
    session.user_id,
    reason,
    { only: session.id },
  )
}

/** Says whether an access or refresh token is good right now: signature, session, user and counter. */
export async function isLiveToken(app: App, authRealm: AuthRealm, token: string, origin: Origin): Promise<boolean> {
  try {
    const claims = await verifyToken(app, authRealm, token, ['access', 'refresh'], origin)
    const session = await requireLiveSession(authRealm, claims)
    return claims.type === 'access' || claims.seq === session.counter || isWithinGrace(app, session, claims)
  } catch (error) {
    if (error instanceof TokenError || (error as ApiError).status === 401) return false
    throw error
  }
}

/**
 * Ends sessions of one user: `only` one of them, or that of a `support` access, or all but `except`, or all.
 * @param db a transaction, where the cause is in one
 * @returns how many were alive
 */
export async function endSessions(
  { realm }: AuthRealm,
  origin: Origin,
  userId: string,
  reason: EndReason,
  which: { only?: string; except?: string; support?: string } = {},
  db: Db = realm.db,
): Promise<number> {
  const { sessions } = realm.tables
  const ended = await db
    .update(sessions)
    .set({ revoked_at: new Date(), revoked_reason: reason })
    .where(
      and(
        eq(sessions.user_id, userId),
        isNull(sessions.revoked_at),
        which.only ? eq(sessions.id, which.only) : undefined,
        which.except ? ne(sessions.id, which.except) : undefined,
        which.support ? eq(sessions.support_access, which.support) : undefined,
      ),
    )
    .returning({ id: sessions.id, support_access: sessions.support_access })
  if (ended.length > 0)
    await recordAudit(db, realm, origin, {
      action: 'session.ended',
      subject: userId,
      details: { reason, sessions: ended.map(({ id }) => id) },
    })
  await closeSupportAccesses(
    db,
    realm,
    ended.flatMap(({ support_access: access }) => access ?? []),
    origin,
    reason,
  )
  return ended.length
}

/**
 * Ends all sessions of a user but `except`, in the caller's transaction, and with an operator's those that she has
 * opened as tenants' people: whoever has her password or one of her sessions may have done so.
 */
export async function endAllSessions(
  tx: Db,
  app: App,
  authRealm: AuthRealm,
  userId: string,
  reason: EndReason,
  origin: Origin,
  except?: string,
): Promise<void> {
  await endSessions(authRealm, origin, userId, reason, { except }, tx)
  if (authRealm.kind === 'platform') await endSupportAccessesBy(tx, app, userId, origin)
}

/** @throws ApiError 404 when there is no such live session among these users' */
export async function requireSessionOwner(
  { tables: { sessions }, db }: Realm,
  sessionId: string,
  userIds: string[] | 'anyone',
): Promise<string> {
  const rows = await db
    .select({ user_id: sessions.user_id })
    .from(sessions)
    .where(
      and(
        eq(sessions.id, sessionId),
        isNull(sessions.revoked_at),
        gt(sessions.expires_at, new Date()),
        userIds === 'anyone' ? undefined : inArray(sessions.user_id, userIds),
      ),
    )
  if (!rows[0]) throw notFound()
  return rows[0].user_id
}

async function readRefreshToken(app: App, authRealm: AuthRealm, token: string, origin: Origin): Promise<Claims> {
  try {
    return await verifyToken(app, authRealm, token, ['refresh'], origin)
  } catch (error) {
    if (!(error instanceof TokenError)) throw error
    throw unauthorized({ detail: error.fault, code: 'token_not_valid' })
  }
}

async function requireLiveSession(
  authRealm: AuthRealm,
  claims: Claims,
): Promise<LiveSession & { support: string | null }> {
  const { realm } = authRealm
  const { sessions, users } = realm.tables
  const rows = await realm.db
    .select({
      ...liveColumns(sessions),
      revoked_at: sessions.revoked_at,
      revoked_reason: sessions.revoked_reason,
      is_active: users.is_active,
      support: supportedBy(realm),
      standing: standingIn(authRealm),
    })
    .from(sessions)
    .innerJoin(users, eq(users.id, sessions.user_id))
    .where(and(eq(sessions.id, claims.sid), eq(users.id, claims.user_id)))
  const session = rows[0]
  const closed = session && closedAnswer(session.standing)
  if (closed) throw closed
  if (!session?.is_active) throw unauthorized({ detail: 'No active account found for the given token.' })
  if (session.revoked_at)
    throw session.revoked_reason === 'blacklist' || claims.seq < session.counter ? blacklisted() : sessionRevoked()
  if (session.expires_at <= new Date()) throw unauthorized({ detail: 'Token is expired', code: 'token_not_valid' })
  return session
}

function isWithinGrace(app: App, session: LiveSession, claims: Claims): boolean {
  const age = Date.now() - session.rotated_at.getTime()
  return claims.seq === session.counter - 1 && age < app.config.ttl.grace * 1000
}

// Whoever holds an older token is not the one who rotated it: nobody can tell which of the two is the thief.
async function punishReuse(
  app: App,
  authRealm: AuthRealm,
  session: LiveSession,
  claims: Claims,
  origin: Origin,
): Promise<ApiError> {
  const { realm } = authRealm
  const { users } = realm.tables
  const ended = await realm.transaction(async tx => {
    const count = await endSessions(authRealm, origin, session.user_id, 'reuse', { only: session.id }, tx)
    if (count === 0) return 0
    await recordAudit(tx, realm, origin, {
      action: 'session.reuse_detected',
      subject: session.user_id,
      details: { session: session.id, presented: claims.seq, current: session.counter },
    })
    const owners = await tx.select({ email: users.email }).from(users).where(eq(users.id, session.user_id))
    if (owners[0]) await enqueueMail(tx, authRealm, { kind: 'session_reuse', to: owners[0].email, data: {} })
    return count
  })
  if (ended > 0) {
    logEvent(app, authRealm, origin, 'refresh_token_reused', { user: session.user_id, session: session.id })
  }
  return blacklisted()
}

function blacklisted(): ApiError {
  return unauthorized({ detail: 'Token is blacklisted', code: 'token_not_valid' })
}

function liveColumns(sessions: Realm['tables']['sessions']) {
  return {
    id: sessions.id,
    user_id: sessions.user_id,
    counter: sessions.counter,
    rotated_at: sessions.rotated_at,
    expires_at: sessions.expires_at,
  }
}
