import { eq } from 'drizzle-orm'
import type { Db, Realm } from '#server/database/realms.ts'
import { noteRefusedPassword } from '#server/domain/audit/security-events.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import { enqueueMail } from '#server/domain/mail/outbox.ts'
import { endAllSessions } from '#server/domain/sessions/end.ts'
import { invalid } from '#shared/errors.ts'
import { readAccountRules } from './account-rules.ts'
import { passwordFaults } from './password-rules.ts'

/**
 * The only way to hash a new password; it checks the rules first.
 * @param options.field the form's field, for the error
 * @param options.db a transaction that creates the realm itself
 * @throws ApiError 400 on the field with every rule that the password breaks; 503
 */
export async function hashNewPassword(
  app: App,
  authRealm: AuthRealm,
  person: { email: string; first_name?: string; last_name?: string },
  password: string,
  { field = 'password', db = authRealm.realm.db }: { field?: string; db?: Db } = {},
): Promise<string> {
  const { first_name = '', last_name = '', email } = person
  const { password_min_length } = await readAccountRules(authRealm, db)
  const names = { first_name, last_name, email, organization: authRealm.name }
  const faults = await passwordFaults(password, names, password_min_length)
  if (faults.length > 0) throw invalid({ [field]: faults })
  return app.hashing.hash(authRealm.realm.schema, password)
}

/**
 * Checks the caller's own password before a critical action.
 * @throws ApiError 400 on `current_password`, 429, 503
 */
export async function requireCurrentPassword(
  app: App,
  authRealm: AuthRealm,
  user: { id: string; email: string },
  password: string,
  audit: AuditContext,
): Promise<void> {
  const { realm } = authRealm
  const { users } = realm.tables
  const attempt = app.limits.passwordAttempt(realm.schema, user.email, audit.ip)
  const rows = await realm.db.select({ password: users.password }).from(users).where(eq(users.id, user.id))
  if (await app.hashing.verify(realm.schema, password, rows[0]?.password ?? null, 0, attempt)) return
  await noteRefusedPassword(app, authRealm, audit, user.id)
  throw invalid({ current_password: ['Invalid password.'] })
}

/**
 * Gives a user a new password, ends their other sessions and mails them, in the caller's transaction.
 * @param hash from `app.hashing`, created before the transaction
 * @param keep the session that stays, if any
 */
export async function replacePassword(
  tx: Db,
  app: App,
  authRealm: AuthRealm,
  userId: string,
  hash: string,
  audit: AuditContext,
  keep?: string,
): Promise<void> {
  const email = await setPassword(tx, authRealm.realm, userId, hash)
  await endAllSessions(tx, app, authRealm, userId, 'password', audit, keep)
  if (email) await enqueueMail(tx, authRealm, { kind: 'password_changed', to: email, data: {} })
}

/** @returns the user's address, where there is still such a user */
async function setPassword(tx: Db, realm: Realm, userId: string, hash: string): Promise<string | undefined> {
  const { users, one_time_tokens: tokens } = realm.tables
  const updated = await tx
    .update(users)
    .set({ password: hash })
    .where(eq(users.id, userId))
    .returning({ email: users.email })
  await tx.delete(tokens).where(eq(tokens.user_id, userId))
  return updated[0]?.email
}
