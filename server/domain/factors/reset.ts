import { eq } from 'drizzle-orm'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import { endAllSessions } from '#server/domain/sessions/end.ts'
import { conflict, notFound } from '#shared/errors.ts'
import { resetFactors } from './factors.ts'

/**
 * Removes all factors of a user and ends their sessions.
 * @throws ApiError 404; 409 `wrong_state` for the caller, who removes them one by one
 */
export async function resetUser(app: App, authRealm: AuthRealm, userId: string, audit: AuditContext): Promise<void> {
  if (userId === audit.actor) throw conflict('Remove your own factors in your profile.', 'wrong_state')
  const { realm } = authRealm
  const { users } = realm.tables
  await realm.transaction(async tx => {
    const rows = await tx.select({ id: users.id, email: users.email }).from(users).where(eq(users.id, userId))
    if (!rows[0]) throw notFound()
    await resetFactors(tx, app, authRealm, rows[0], audit)
    await endAllSessions(tx, app, authRealm, userId, 'revoked', audit)
  })
}
