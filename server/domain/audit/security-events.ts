import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import { ApiError } from '#shared/errors.ts'
import type { AuditEntry } from './audit.ts'
import { logEvent, recordAudit } from './audit.ts'

/**
 * What strangers can cause as often as they like. Each is a line in the log; the realm's record has as many as
 * `app.limits.admitEvent` lets, so that nobody fills a table by being refused.
 */

/**
 * Notes that a token of another realm was presented. The record does not say whose it claims to be: that is
 * unproven, and another tenant's id is nothing for this one's Admins.
 * @param audience as the token has it
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
  })
  await recordSome(app, authRealm, audit, { action: 'token.foreign' })
}

/**
 * Notes a password that was refused at the door.
 * @param subject the account that it was tried on, where there is one
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

/** Notes a password that was refused to who is signed in already. */
export async function noteRefusedPassword(
  app: App,
  authRealm: AuthRealm,
  audit: AuditContext,
  subject: string,
): Promise<void> {
  await recordSome(app, authRealm, audit, { action: 'user.password_refused', subject })
  logEvent(app, authRealm, audit, 'password_refused')
}

/** Notes that a limit has refused someone, where that is what the error says, and whose account it was about. */
export async function noteLimit(app: App, authRealm: AuthRealm, audit: AuditContext, error: unknown): Promise<void> {
  if (!(error instanceof ApiError) || error.status !== 429) return
  const { limit, subject = audit.actor ?? undefined } = error
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
