import type { SQL } from 'drizzle-orm'
import { and, eq, sql } from 'drizzle-orm'
import type { Db, Realm } from '#server/database/realms.ts'
import { logEvent, recordAudit } from '#server/domain/audit/audit.ts'
import { noteRefusedSignIn } from '#server/domain/audit/security-events.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import { enqueueMail } from '#server/domain/mail/outbox.ts'
import { requireOpenTenant, standingIn } from '#server/domain/tenants/lifecycle/standing.ts'
import type { UserRow } from '#server/domain/users/users.ts'
import { userColumns } from '#server/domain/users/users.ts'
import type { ApiError } from '#shared/errors.ts'
import { describeUserAgent } from '#shared/user-agent.ts'
import type { TokenPair } from './open.ts'
import { insertSession, mintPair } from './open.ts'
import { noActiveAccount } from './refusals.ts'
import type { LiveSession } from './tokens/tokens.ts'

/** A session that a user has just signed in to. */
export interface Begun {
  user: UserRow
  session: LiveSession
}

export type SignedIn = TokenPair & { user: UserRow }

/** Where a sign-in comes from. */
export interface Client {
  audit: AuditContext
  userAgent: string | null
}

export interface SignInFacts {
  userId: string
  /** As in RFC 8176. */
  amr: string[]
  /** From when the session may only be used to add a second factor. */
  enrolFrom: Date | null
  /** What must still be true of the user. */
  isUnchanged?: SQL | undefined
  /** A new hash of the same password. */
  password?: string
}

/**
 * Opens the session of a user who has proved that it is them, in the caller's transaction.
 * @returns undefined if the user may not sign in any more
 * @throws ApiError 403, 404, 503 if the tenant is closed
 */
export async function beginSession(
  tx: Db,
  app: App,
  authRealm: AuthRealm,
  facts: SignInFacts,
  { audit, userAgent }: Client,
): Promise<Begun | undefined> {
  const { realm } = authRealm
  const user = await noteSignIn(tx, realm, facts)
  if (!user) return void (await requireOpenTenant(tx, authRealm))
  await tellOfNewDevice(tx, authRealm, user, { audit, userAgent })
  const opening = { ip: audit.ip, user_agent: userAgent, amr: facts.amr, enrol_from: facts.enrolFrom }
  const session = await insertSession(tx, app, realm, user.id, opening)
  const { amr } = session
  const details = { session: session.id, device: describeUserAgent(userAgent), ...(amr.length > 1 ? { amr } : {}) }
  const byUser = { ...audit, actor: user.id }
  await recordAudit(tx, realm, byUser, { action: 'session.opened', subject: user.id, details })
  return { user, session }
}

// Hashing took a while: tenant and account must still be active.
async function noteSignIn(tx: Db, realm: Realm, { userId, isUnchanged, password }: SignInFacts) {
  const { users } = realm.tables
  const rows = await tx
    .update(users)
    .set({ last_login: new Date(), password })
    .where(and(eq(users.id, userId), eq(users.is_active, true), isUnchanged, sql`${standingIn(realm)} = 'active'`))
    .returning(userColumns(users))
  return rows[0]
}

async function tellOfNewDevice(
  tx: Db,
  authRealm: AuthRealm,
  user: UserRow,
  { audit, userAgent }: Client,
): Promise<void> {
  if (!(await isNewDevice(tx, authRealm.realm, user, userAgent))) return
  await enqueueMail(tx, authRealm, {
    kind: 'new_device',
    to: user.email,
    data: { user_agent: userAgent, ip: audit.ip, time: new Date().toISOString() },
  })
}

// Only a hint, because a device can send any User-Agent. A user's first device is not reported.
async function isNewDevice(
  tx: Db,
  { tables: { sessions } }: Realm,
  user: UserRow,
  userAgent: string | null,
): Promise<boolean> {
  const known = await tx
    .selectDistinct({ user_agent: sessions.user_agent })
    .from(sessions)
    .where(eq(sessions.user_id, user.id))
    .limit(200)
  const device = describeUserAgent(userAgent)
  return known.length > 0 && known.every(({ user_agent }) => describeUserAgent(user_agent) !== device)
}

/** Counts and logs a sign-in whose session is open. @returns its tokens */
export async function finishSignIn(
  app: App,
  authRealm: AuthRealm,
  { user, session }: Begun,
  audit: AuditContext,
): Promise<SignedIn> {
  app.observer.count('sign_in', 'done')
  logEvent(app, authRealm, audit, 'sign_in_succeeded', { user: user.id, session: session.id, amr: session.amr })
  return { user, ...(await mintPair(app, authRealm, session)) }
}

/**
 * Counts, records and logs a refused sign-in.
 * @param subject the user whose password or code was tried, if there is one
 * @returns the error to throw, by default the same whatever was wrong
 */
export async function refuseSignIn(
  app: App,
  authRealm: AuthRealm,
  subject: string | undefined,
  { audit, userAgent }: Client,
  error: ApiError = noActiveAccount(),
): Promise<ApiError> {
  app.observer.count('sign_in', 'refused')
  await noteRefusedSignIn(app, authRealm, audit, subject, describeUserAgent(userAgent))
  return error
}
