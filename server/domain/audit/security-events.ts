import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import { ApiError } from '#shared/errors.ts'
import type { AuditEntry } from './audit.ts'
import { logEvent, recordAudit } from './audit.ts'

/**
 * Events that strangers can cause as often as they like. Each is logged. The realm's audit log records only as many as
 * `app.limits.admitEvent` allows, so that refused requests cannot fill a table.
 */

/**
 * Records that a token of another realm was presented. The audit log does not name the claimed realm: the claim is
 * unproven, and another tenant's id means nothing to this one's Admins.
 * @param audience from the token
 */
export async function noteForeignToken(
  app: App,
  authRealm: AuthRealm,
  audit: AuditContext,
  audience: string,
): Promise<void> {
  app.log.warn({
    event: 'foreign_token_rejected',
    tenant: authRealm.id,
    token_tenant: audience,
    ip: audit.ip,
    request_id: audit.request_id,
    trace_id: audit.trace_id,
  })
  await recordSome(app, authRealm, audit, { action: 'token.foreign' })
}

/**
 * Records a refused sign-in.
 * @param subject the user whose password was tried, if there is one
 */
export async function noteRefusedSignIn(
  app: App,
  authRealm: AuthRealm,
  audit: AuditContext,
  subject: string | undefined,
  device: string,
): Promise<void> {
  await recordSome(app, authRealm, audit, { action: 'session.refused', subject, details: { device } })
  logEvent(app, authRealm, audit, 'sign_in_failed', { user: subject ?? null })
}

/** Records a wrong current password of a signed-in user. */
export async function noteRefusedPassword(
  app: App,
  authRealm: AuthRealm,
  audit: AuditContext,
  subject: string,
): Promise<void> {
  await recordSome(app, authRealm, audit, { action: 'user.password_refused', subject })
  logEvent(app, authRealm, audit, 'password_refused')
}

/** Records that a limit was reached, if the error says so, and which user it was about. */
export async function noteLimit(app: App, authRealm: AuthRealm, audit: AuditContext, error: unknown): Promise<void> {
  if (!(error instanceof ApiError) || error.status !== 429) return
  const { limit, subject = audit.actor ?? undefined } = error
  app.observer.count('limit', limit ?? 'other')
  logEvent(app, authRealm, audit, 'limit_reached', { limit, subject })
  await recordSome(
    app,
    authRealm,
    audit,
    { action: 'limit.reached', subject, details: { limit } },
    `limit.reached ${limit}`,
  )
}

async function recordSome(
  app: App,
  { realm }: AuthRealm,
  audit: AuditContext,
  entry: AuditEntry,
  kind: string = entry.action,
): Promise<void> {
  if (await app.limits.admitEvent(realm.schema, kind, audit.ip)) await recordAudit(realm.db, realm, audit, entry)
}
