import type { SQL } from 'drizzle-orm'
import { eq } from 'drizzle-orm'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import { endAllSessions } from '#server/domain/sessions/end.ts'
import { notFound } from '#shared/errors.ts'
import { foldEmail } from '#shared/schemas/fields.ts'
import { resetFactors } from './factors.ts'

/** Removes all factors of a user and ends their sessions. @throws ApiError 404 */
export async function resetUser(app: App, authRealm: AuthRealm, userId: string, audit: AuditContext): Promise<void> {
  await reset(app, authRealm, eq(authRealm.realm.tables.users.id, userId), audit)
}

/**
 * The same by e-mail address.
 * @returns the user, and how many factors they had
 * @throws ApiError 404
 */
export function resetUserByEmail(app: App, authRealm: AuthRealm, email: string, audit: AuditContext) {
  return reset(app, authRealm, eq(authRealm.realm.tables.users.email, foldEmail(email)), audit)
}

async function reset(app: App, authRealm: AuthRealm, who: SQL, audit: AuditContext) {
  const { realm } = authRealm
  const { users } = realm.tables
  return realm.transaction(async tx => {
    const rows = await tx.select({ id: users.id, email: users.email }).from(users).where(who)
    if (!rows[0]) throw notFound()
    const factors = await resetFactors(tx, app, authRealm, rows[0], audit)
    await authRealm.recheck?.(tx, { isLast: rows[0].id === audit.actor })
    await endAllSessions(tx, app, authRealm, rows[0].id, 'revoked', audit)
    return { ...rows[0], factors }
  })
}
