import { eq, sql } from 'drizzle-orm'
import type { Db, Realm } from '#server/database/realms.ts'
import { recordAudit } from '#server/domain/audit/audit.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import type { Link } from '#server/domain/sessions/one-time-links.ts'
import { consumeLink, requireLink } from '#server/domain/sessions/one-time-links.ts'
import { hashNewPassword, replacePassword } from '#server/domain/users/passwords.ts'
import { requestLink } from './request-link.ts'

/** Sends a mail with a link to set a new password; reveals nothing either. @throws ApiError 429 */
export async function requestPasswordReset(
  app: App,
  authRealm: AuthRealm,
  email: string,
  audit: AuditContext,
): Promise<void> {
  await requestLink(app, authRealm, email, audit, 'reset')
}

export interface PasswordReset extends Link {
  new_password: string
}

/**
 * Sets a password by a link and ends all sessions. A link works once, also for two requests at the same time.
 * @throws ApiError 400 on `uid`, `token` or `new_password`; 429 after many wrong links
 */
export async function resetPassword(
  app: App,
  authRealm: AuthRealm,
  { new_password, ...link }: PasswordReset,
  audit: AuditContext,
): Promise<void> {
  const { realm } = authRealm
  // Checked first, so that a wrong link costs no hashing. The link is used up in the transaction below.
  const { user, where } = await requireLink(app, authRealm, 'reset', link, audit)
  const hash = await hashNewPassword(app, authRealm, user, new_password, { field: 'new_password' })
  const byUser = { ...audit, actor: user.id }
  await realm.transaction(async tx => {
    await consumeLink(tx, realm, where)
    await activate(tx, realm, user.id)
    await replacePassword(tx, app, authRealm, user.id, hash, byUser)
    await recordAudit(tx, realm, byUser, { action: 'user.password_reset', subject: user.id })
  })
}

// The link proves the address, as activation does; it does not undo a deactivation.
async function activate(tx: Db, { tables: { users } }: Realm, userId: string): Promise<void> {
  await tx
    .update(users)
    .set({ activated_at: sql`coalesce(${users.activated_at}, ${new Date().toISOString()}::timestamptz)` })
    .where(eq(users.id, userId))
}
