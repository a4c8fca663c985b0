import { and, eq, isNull, sql } from 'drizzle-orm'
import { recordAudit } from '#server/domain/audit/audit.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import type { Link } from '#server/domain/sessions/one-time-links.ts'
import { isReachable, requireLink } from '#server/domain/sessions/one-time-links.ts'
import { forbidden } from '#shared/errors.ts'
import { requestLink } from './request-link.ts'

/**
 * Sends another activation mail. The answer does not reveal whether the account exists, nor does the time it takes.
 * @throws ApiError 429 after many requests from one client
 */
export async function requestActivation(
  app: App,
  authRealm: AuthRealm,
  email: string,
  audit: AuditContext,
): Promise<void> {
  const { users } = authRealm.realm.tables
  await requestLink(app, authRealm, email, audit, 'activation', isNull(users.activated_at))
}

/**
 * Activates an account. The link does nothing if the account is already active, or was deactivated since.
 * @throws ApiError 400 on `uid` or `token`, 403 where there is nothing left to activate, 429
 */
export async function activate(app: App, authRealm: AuthRealm, link: Link, audit: AuditContext): Promise<void> {
  const { realm } = authRealm
  const { users } = realm.tables
  const { user } = await requireLink(app, authRealm, 'activation', link, audit)
  await realm.transaction(async tx => {
    // The token stays until it expires, so that a second click gets a clear answer.
    const activated = await tx
      .update(users)
      .set({ activated_at: sql`now()` })
      .where(and(eq(users.id, user.id), isNull(users.activated_at), isReachable(realm)))
      .returning({ id: users.id })
    if (activated.length === 0) throw forbidden('Stale token for given user.')
    await recordAudit(tx, realm, { ...audit, actor: user.id }, { action: 'user.activated', subject: user.id })
  })
}
