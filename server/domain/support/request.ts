import { newId } from '#server/database/ids.ts'
import type { Db, PlatformRealm } from '#server/database/realms.ts'
import { recordAudit } from '#server/domain/audit/audit.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import { hashOf, newToken } from '#server/domain/sessions/one-time-links.ts'
import type { SupportedUser } from './conditions.ts'
import { after, requireSupportable } from './conditions.ts'

/** In seconds. */
const linkLife = 60

export interface SupportRequest {
  user: string
  reason: string
  is_read_only: boolean
}

/**
 * Creates a support access: an operator signs in as a tenant's user, see docs/decisions/0011-support-access.md. Its
 * link works once, for a minute.
 * @throws ApiError 403 `support_refused` where the tenant does not allow it, 404, 409 where the tenant is not active,
 * 400 on `user`
 */
export async function requestSupportAccess(
  app: App,
  tenantId: string,
  request: SupportRequest,
  operator: { id: string; email: string },
  audit: AuditContext,
) {
  const { authRealm, user } = await requireSupportable(app, tenantId, request.user)
  const { platform } = app.database
  const token = newToken()
  const now = new Date()
  const access = { id: newId(), created: now, expires_at: after(now, linkLife), token_hash: hashOf(token) }
  await platform.transaction(async tx => {
    await insertAccess(tx, platform, access, authRealm.id, user, request, operator)
    await recordRequest(tx, platform, access.id, authRealm.id, user, request, audit)
  })
  return { id: access.id, url: `${authRealm.origin}/support/${token}`, expires_at: access.expires_at }
}

async function insertAccess(
  tx: Db,
  { tables: { support_accesses: accesses } }: PlatformRealm,
  access: { id: string; created: Date; expires_at: Date; token_hash: string },
  tenant: string,
  { id: user_id, email: user_email }: SupportedUser,
  { reason, is_read_only }: SupportRequest,
  { id: operator, email: operator_email }: { id: string; email: string },
): Promise<void> {
  const people = { user_id, user_email, operator, operator_email }
  await tx.insert(accesses).values({ ...access, tenant, ...people, reason, is_read_only })
}

async function recordRequest(
  tx: Db,
  platform: PlatformRealm,
  access: string,
  tenant: string,
  { email: user }: SupportedUser,
  { reason, is_read_only }: SupportRequest,
  audit: AuditContext,
): Promise<void> {
  const details = { access, user, reason, is_read_only }
  await recordAudit(tx, platform, audit, { action: 'support.requested', subject: tenant, details })
}
