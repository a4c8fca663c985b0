import { and, eq, sql } from 'drizzle-orm'
import type { Db, Realm } from '#server/database/realms.ts'
import { logEvent, recordAudit } from '#server/domain/audit/audit.ts'
import { noteRefusedSignIn } from '#server/domain/audit/security-events.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import { enqueueMail } from '#server/domain/mail/outbox.ts'
import { closedAnswer, requireOpenTenant, standingIn } from '#server/domain/tenants/lifecycle/standing.ts'
import type { UserRow } from '#server/domain/users/users.ts'
import { userColumns } from '#server/domain/users/users.ts'
import { ApiError } from '#shared/errors.ts'
import { describeUserAgent } from '#shared/user-agent.ts'
import { costliestHash } from './hash-costs.ts'
import type { TokenPair } from './open.ts'
import { insertSession, mintPair } from './open.ts'
import { noActiveAccount } from './refusals.ts'

export interface Credentials {
  email: string
  password: string
}

/**
 * Opens a session for an e-mail address and a password.
 * @throws ApiError 401, the same in text and time whatever was wrong; 429 before any hashing; 503; 403 if the tenant is
 * closed
 */
export async function signIn(
  app: App,
  authRealm: AuthRealm,
  { email, password }: Credentials,
  audit: AuditContext,
  userAgent: string | null,
): Promise<TokenPair & { user: UserRow }> {
  const { realm } = authRealm
  const attempt = app.limits.passwordAttempt(realm.schema, email, audit.ip)
  const [account, costliest] = await Promise.all([findAccount(authRealm, email), costliestHash(realm)])
  // A user who may not sign in is treated like an unknown one: the same work, the same count of attempts.
  const matches = await app.hashing
    .verify(realm.schema, password, account?.is_active ? account.password : null, costliest, attempt)
    .catch(about(account))
  const opened = matches && account ? await openSession(app, authRealm, account, password, audit, userAgent) : undefined
  app.observer.count('sign_in', opened ? 'done' : 'refused')
  if (!opened) {
    await noteRefusedSignIn(app, authRealm, audit, account?.id, describeUserAgent(userAgent))
    throw noActiveAccount()
  }
  logEvent(app, authRealm, audit, 'sign_in_succeeded', { user: opened.user.id, session: opened.session.id })
  return { user: opened.user, ...(await mintPair(app, authRealm, opened.session)) }
}

// Only for the audit log: the answer is the same for every user.
function about(account: { id: string } | undefined) {
  return (refusal: Error) => {
    if (refusal instanceof ApiError) refusal.subject = account?.id
    throw refusal
  }
}

async function findAccount(authRealm: AuthRealm, email: string) {
  const { realm } = authRealm
  const { users } = realm.tables
  const account = { id: users.id, password: users.password, is_active: users.is_active }
  const rows = await realm.db
    .select({ account, standing: standingIn(realm) })
    .from(sql`(values (1)) as one`)
    .leftJoin(users, eq(users.email, email))
  const { standing, account: found } = rows[0]!
  const closed = closedAnswer(standing)
  if (closed) throw closed
  return found ?? undefined
}

async function openSession(
  app: App,
  authRealm: AuthRealm,
  account: { id: string; password: string | null },
  password: string,
  audit: AuditContext,
  userAgent: string | null,
) {
  const { realm } = authRealm
  const checked = account.password!
  const renewed = app.hashing.isStale(checked) ? await app.hashing.hash(realm.schema, password) : checked
  return realm.transaction(async tx => {
    const user = await noteSignIn(tx, authRealm, account.id, checked, renewed)
    if (!user) return void (await requireOpenTenant(tx, authRealm))
    await tellOfNewDevice(tx, authRealm, user, audit, userAgent)
    const session = await insertSession(tx, app, realm, user.id, { ip: audit.ip, user_agent: userAgent })
    const details = { session: session.id, device: describeUserAgent(userAgent) }
    const byUser = { ...audit, actor: user.id }
    await recordAudit(tx, realm, byUser, { action: 'session.opened', subject: user.id, details })
    return { user, session }
  })
}

// Hashing took a while: tenant and account must still be active, and the password the one that was checked.
async function noteSignIn(
  tx: Db,
  authRealm: AuthRealm,
  userId: string,
  checked: string,
  renewed: string,
): Promise<UserRow | undefined> {
  const { realm } = authRealm
  const { users } = realm.tables
  const isUnchanged = [eq(users.id, userId), eq(users.password, checked), eq(users.is_active, true)]
  const rows = await tx
    .update(users)
    .set({ last_login: new Date(), password: renewed })
    .where(and(...isUnchanged, sql`${standingIn(realm)} = 'active'`))
    .returning(userColumns(users))
  return rows[0]
}

async function tellOfNewDevice(
  tx: Db,
  authRealm: AuthRealm,
  user: UserRow,
  audit: AuditContext,
  userAgent: string | null,
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
