import { createHash, randomBytes } from 'node:crypto'
import type { SQL } from 'drizzle-orm'
import { and, eq, gt, inArray, isNull, sql } from 'drizzle-orm'
import { newId } from '#server/database/ids.ts'
import type { Db, Realm } from '#server/database/realms.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import { requireOpenTenant } from '#server/domain/tenants/lifecycle/standing.ts'
import { invalid } from '#shared/errors.ts'
import { uuidPattern } from '#shared/schemas/fields.ts'

/** `welcome` sets the first password, beside a `reset` link that the page of the sign-up shows. */
export type LinkPurpose = 'reset' | 'welcome' | 'activation' | 'email'

/** Seconds for which a link works after its mail is sent. */
export const inviteLife = 7 * 24 * 60 * 60
const linkLife = { reset: 60 * 60, welcome: inviteLife, activation: 3 * 24 * 60 * 60, email: 24 * 60 * 60 } as const

const paths = {
  reset: 'auth/password/reset',
  welcome: 'auth/password/reset',
  activation: 'auth/activate',
  email: 'auth/email',
} as const

/**
 * Creates the one-time link with which a user sets a password. Only its hash is stored. A newer link of the same user
 * invalidates it.
 * @param life seconds
 * @returns the link, on the realm's canonical origin
 */
export async function issuePasswordLink(db: Db, authRealm: AuthRealm, userId: string, life: number): Promise<string> {
  await openLink(db, authRealm.realm, 'reset', eq(authRealm.realm.tables.users.id, userId))
  const link = await issueLink(db, authRealm, userId, 'reset', { life })
  return link!
}

/**
 * Reserves a link that a mail will contain; no token opens it until then. Older links of the user for the same purpose
 * stop working. It is two statements, whether a user is found or not.
 * @param who a condition for at most one user
 */
export async function openLink(
  db: Db,
  { tables: { users, one_time_tokens: tokens } }: Realm,
  purpose: LinkPurpose,
  who: SQL,
  payload: { email?: string } | null = null,
): Promise<void> {
  const found = await db.select({ id: users.id }).from(users).where(who).for('key share')
  if (!found[0]) return void (await db.delete(tokens).where(eq(tokens.user_id, newId())))
  const link = { ...reservation(purpose), payload }
  const target = [tokens.user_id, tokens.purpose]
  const row = { id: newId(), user_id: found[0].id, ...link }
  await db.insert(tokens).values(row).onConflictDoUpdate({ target, set: link })
}

function reservation(purpose: LinkPurpose) {
  const created = new Date()
  const expires_at = new Date(created.getTime() + inviteLife * 1000)
  return { purpose, token_hash: hashOf(newToken()), created, expires_at }
}

/** The same for users who have no link yet, in one statement. */
export async function openFirstLinks(
  db: Db,
  { tables: { one_time_tokens: tokens } }: Realm,
  purpose: LinkPurpose,
  users: string[],
): Promise<void> {
  if (users.length === 0) return
  await db.insert(tokens).values(users.map(user_id => ({ id: newId(), user_id, ...reservation(purpose) })))
}

/**
 * Creates the token of a reserved link when its mail is sent, so a token is never stored, not even in the queue.
 * @param options.life seconds
 * @param options.email the new address that the link must confirm
 * @returns the link, on the realm's canonical origin, or undefined if nothing is reserved any more, for example after a
 * new password
 */
export async function issueLink(
  db: Db,
  { realm, origin }: AuthRealm,
  userId: string,
  purpose: LinkPurpose,
  { life = linkLife[purpose], email }: { life?: number; email?: string } = {},
): Promise<string | undefined> {
  const { one_time_tokens: tokens } = realm.tables
  const token = newToken()
  const isNewAddress = email === undefined ? undefined : sql`${tokens.payload}->>'email' = ${email}`
  const rows = await db
    .update(tokens)
    .set({ token_hash: hashOf(token), expires_at: new Date(Date.now() + life * 1000) })
    .where(and(eq(tokens.user_id, userId), eq(tokens.purpose, purpose), isNewAddress))
    .returning({ id: tokens.id })
  return rows[0] && `${origin}/${paths[purpose]}/${encodeUid(userId)}/${token}`
}

export interface Link {
  uid: string
  token: string
}

/**
 * Finds the user of a link, without using it up.
 * @returns the user, and `where`, a condition for the token's row
 * @throws ApiError 400 on `uid` or `token`; 429 after many wrong links
 */
export async function requireLink(
  app: App,
  authRealm: AuthRealm,
  purpose: LinkPurpose,
  { uid, token }: Link,
  audit: AuditContext,
) {
  const { realm } = authRealm
  await Promise.all([requireOpenTenant(realm.db, authRealm), app.limits.checkLinks(realm.schema, audit.ip)])
  const user = await findByUid(realm, uid)
  if (!user) throw await wrongLink(app, realm, audit, { uid: ["Invalid user id or user doesn't exist."] })
  const { one_time_tokens: tokens } = realm.tables
  const where = isOpenLink(realm, user.id, purpose, token)
  const rows = await realm.db.select({ payload: tokens.payload }).from(tokens).where(where)
  if (!rows[0]) throw await wrongLink(app, realm, audit, { token: [invalidToken] })
  return { user, payload: rows[0].payload, where }
}

function isOpenLink({ tables }: Realm, userId: string, purpose: LinkPurpose, token: string): SQL | undefined {
  const { one_time_tokens: tokens } = tables
  return and(
    eq(tokens.user_id, userId),
    inArray(tokens.purpose, purpose === 'reset' ? ['reset', 'welcome'] : [purpose]),
    eq(tokens.token_hash, hashOf(token)),
    gt(tokens.expires_at, new Date()),
  )
}

/**
 * Uses a link up, in the transaction of its action. Of two simultaneous calls, one succeeds.
 * @param where from `requireLink`
 * @throws ApiError 400 on `token`
 */
export async function consumeLink(
  tx: Db,
  { tables: { one_time_tokens: tokens } }: Realm,
  where: SQL | undefined,
): Promise<void> {
  const used = await tx.delete(tokens).where(where).returning({ id: tokens.id })
  if (used.length === 0) throw staleLink()
}

/** The link was valid a moment ago. */
export function staleLink() {
  return invalid({ token: [invalidToken] })
}

/** Counts a wrong link against the client's address. @returns the error to throw */
export async function wrongLink(app: App, realm: Realm, audit: AuditContext, fields: Record<string, string[]>) {
  await app.limits.countWrongLink(realm.schema, audit.ip)
  return invalid(fields)
}

/** A token of 256 bits, as in a link. */
export function newToken(): string {
  return randomBytes(32).toString('base64url')
}

/** The stored hash of a token. */
export function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('base64url')
}

/** A condition: the user may get a link. Everyone except deactivated users. */
export function isReachable({ tables: { users } }: Realm): SQL {
  return isNull(users.deactivated_at)
}

const invalidToken = 'Invalid token for given user.'

async function findByUid({ db, tables: { users } }: Realm, uid: string) {
  const decoded = decodeUid(uid)
  if (!decoded) return undefined
  const { id, email, first_name, last_name, activated_at, deactivated_at } = users
  const rows = await db
    .select({ id, email, first_name, last_name, activated_at, deactivated_at })
    .from(users)
    .where(eq(id, decoded))
  return rows[0]
}

function decodeUid(uid: string): string | undefined {
  const id = Buffer.from(uid, 'base64url').toString('latin1')
  // Only one encoding: a lenient decoder would accept many for the same token.
  return uuidPattern.test(id) && encodeUid(id) === uid ? id : undefined
}

function encodeUid(id: string): string {
  return Buffer.from(id).toString('base64url')
}
