import { createHash, randomBytes } from 'node:crypto'
import { and, eq, gt, sql } from 'drizzle-orm'
import { invalid } from '../../shared/errors.ts'
import { uuidPattern } from '../../shared/schemas/fields.ts'
import { newId } from '../database/ids.ts'
import type { Db, Realm } from '../database/realms.ts'
import type { App, Origin } from './app.ts'
import { recordAudit } from './audit.ts'
import type { AuthRealm } from './auth-realm.ts'
import { replacePassword, requireGoodPassword } from './users.ts'

export const inviteLife = 7 * 24 * 60 * 60

/**
 * Makes the single-use link by which someone sets a password. Only its hash is stored, and a newer
 * link for the same person puts the older one out of use.
 * @param life seconds
 * @returns the link, on the realm's canonical origin
 */
export async function issuePasswordLink(db: Db, { realm, origin }: AuthRealm, userId: string, life: number): Promise<string> {
  const { one_time_tokens: tokens } = realm.tables
  const token = randomBytes(32).toString('base64url')
  const now = new Date()
  const values = { token_hash: hashOf(token), created: now, expires_at: new Date(now.getTime() + life * 1000) }
  await db.insert(tokens).values({ id: newId(), user_id: userId, purpose: 'reset', ...values })
    .onConflictDoUpdate({ target: [tokens.user_id, tokens.purpose], set: values })
  return `${origin}/auth/password/reset/${encodeUid(userId)}/${token}`
}

export interface PasswordReset { uid: string, token: string, new_password: string }

/**
 * Sets a password by a link: once, and all sessions end. Of two at once, one succeeds.
 * @throws ApiError 400 on `uid`, `token` or `new_password`; 429 after many wrong links
 */
export async function resetPassword(app: App, authRealm: AuthRealm, { uid, token, new_password }: PasswordReset, origin: Origin): Promise<void> {
  const { realm } = authRealm
  const { users, one_time_tokens: tokens } = realm.tables
  await app.limits.checkLinks(realm.schema, origin.ip)
  const user = await findByUid(realm, uid)
  if (!user) throw await wrongLink(app, realm, origin, { uid: ['Invalid user id or user doesn\'t exist.'] })
  const link = and(eq(tokens.user_id, user.id), eq(tokens.purpose, 'reset'), eq(tokens.token_hash, hashOf(token)), gt(tokens.expires_at, new Date()))
  const invalidToken = { token: ['Invalid token for given user.'] }
  // A look first, so that a wrong link costs no hashing; what counts is the delete below.
  if (await realm.db.$count(tokens, link) === 0) throw await wrongLink(app, realm, origin, invalidToken)
  requireGoodPassword(new_password, { ...user, organization: authRealm.name }, 'new_password')
  const hash = await app.hashing.hash(new_password)
  await realm.transaction(async (tx) => {
    const used = await tx.delete(tokens).where(link).returning({ id: tokens.id })
    if (used.length === 0) throw invalid(invalidToken)
    // Following the link proves the address, as activation does; it does not undo a deactivation.
    await tx.update(users).set({ activated_at: sql`coalesce(${users.activated_at}, now())` }).where(eq(users.id, user.id))
    await replacePassword(tx, authRealm, user.id, hash, { ...origin, actor: user.id })
    await recordAudit(tx, realm, { ...origin, actor: user.id }, { action: 'user.password_reset', subject: user.id })
  })
}

async function findByUid(realm: Realm, uid: string) {
  const id = Buffer.from(uid, 'base64url').toString('latin1')
  if (!uuidPattern.test(id)) return undefined
  const { users } = realm.tables
  const rows = await realm.db.select({ id: users.id, email: users.email, first_name: users.first_name, last_name: users.last_name })
    .from(users).where(eq(users.id, id))
  return rows[0]
}

async function wrongLink(app: App, realm: Realm, origin: Origin, fields: Record<string, string[]>) {
  await app.limits.countWrongLink(realm.schema, origin.ip)
  return invalid(fields)
}

function encodeUid(id: string): string {
  return Buffer.from(id).toString('base64url')
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('base64url')
}
