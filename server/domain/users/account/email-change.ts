import type { SQL } from 'drizzle-orm'
import { eq } from 'drizzle-orm'
import { violatedUnique } from '#server/database/errors.ts'
import type { Db, Realm } from '#server/database/realms.ts'
import { recordAudit } from '#server/domain/audit/audit.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import { enqueueMail } from '#server/domain/mail/outbox.ts'
import type { Link } from '#server/domain/sessions/one-time-links.ts'
import { consumeLink, openLink, requireLink, staleLink } from '#server/domain/sessions/one-time-links.ts'

/**
 * Mails a link to the new address, which confirms it. For an address that is taken the answer is the same, and its
 * owner gets another mail.
 * @throws ApiError 429 after many requests
 */
export async function requestEmailChange(
  app: App,
  authRealm: AuthRealm,
  userId: string,
  email: string,
  audit: AuditContext,
): Promise<void> {
  const { realm } = authRealm
  await app.limits.countEmailChange(realm.schema, userId)
  if (!(await app.limits.admitMail(realm.schema, email)) || !(await app.limits.admitStranger(email))) return
  await realm.transaction(async tx => {
    await openLink(tx, realm, 'email', eq(realm.tables.users.id, userId), { email })
    await enqueueMail(tx, authRealm, { kind: 'email_change', to: email, data: { user: userId } })
    await recordAudit(tx, realm, audit, { action: 'user.email_change_requested', subject: userId, details: { email } })
  })
}

/**
 * Replaces the user's address by the new one, and mails a notice to the old one.
 * @throws ApiError 400 on `uid` or `token`, also where another user has the address by now; 429
 */
export async function confirmEmailChange(
  app: App,
  authRealm: AuthRealm,
  link: Link,
  audit: AuditContext,
): Promise<void> {
  const { payload, user, where } = await requireLink(app, authRealm, 'email', link, audit)
  if (!payload?.email || user.deactivated_at) throw staleLink()
  const { email } = payload
  try {
    await authRealm.realm.transaction(tx => changeEmail(tx, authRealm, { user, where, email }, audit))
  } catch (error) {
    throw violatedUnique(error) === 'users_email' ? staleLink() : error
  }
}

async function changeEmail(
  tx: Db,
  authRealm: AuthRealm,
  { user, where, email }: { user: { id: string; email: string }; where: SQL | undefined; email: string },
  audit: AuditContext,
): Promise<void> {
  const { realm } = authRealm
  await consumeLink(tx, realm, where)
  await replaceEmail(tx, realm, user.id, email)
  await enqueueMail(tx, authRealm, { kind: 'email_changed', to: user.email, data: { user: user.id } })
  const byUser = { ...audit, actor: user.id }
  const details = { email: { from: user.email, to: email } }
  await recordAudit(tx, realm, byUser, { action: 'user.email_changed', subject: user.id, details })
}

// All other links were sent to an address that is no longer the user's.
async function replaceEmail(
  tx: Db,
  { tables: { users, one_time_tokens: tokens } }: Realm,
  userId: string,
  email: string,
): Promise<void> {
  await tx.update(users).set({ email }).where(eq(users.id, userId))
  await tx.delete(tokens).where(eq(tokens.user_id, userId))
}
