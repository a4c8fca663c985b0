import { newId } from '#server/database/ids.ts'
import { recordAudit } from '#server/domain/audit/audit.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import { hashOf, newToken } from '#server/domain/sessions/links.ts'
import { tenantRealmOf } from '#server/domain/tenants/origins.ts'
import { requireTenant } from '#server/domain/tenants/tenants.ts'
import { conflict, invalid } from '#shared/errors.ts'
import { noSuchObject } from '#shared/schemas/fields.ts'
import { after, findActiveUser, requireSupportAllowed } from './conditions.ts'

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
  const tenant = await requireTenant(app, { id: tenantId })
  if (tenant.status !== 'active') throw conflict('The organisation is not active.', 'tenant_inactive')
  const authRealm = tenantRealmOf(app, tenant)
  await requireSupportAllowed(authRealm.realm.db, authRealm.realm)
  if (!(await findActiveUser(authRealm.realm.db, authRealm.realm, request.user)))
    throw invalid({ user: [noSuchObject(request.user)] })
  const { platform } = app.database
  const token = newToken()
  const now = new Date()
  const access = { id: newId(), created: now, expires_at: after(now, linkLife) }
  await platform.transaction(async tx => {
    await tx.insert(platform.tables.support_accesses).values({
      ...access,
      tenant: tenant.id,
      user_id: request.user,
      operator: operator.id,
      operator_email: operator.email,
      reason: request.reason,
      is_read_only: request.is_read_only,
      token_hash: hashOf(token),
    })
    await recordAudit(tx, platform, audit, {
      action: 'support.requested',
      subject: tenant.id,
      details: { access: access.id, user: request.user, reason: request.reason, is_read_only: request.is_read_only },
    })
  })
  return { id: access.id, url: `${authRealm.origin}/support/${token}`, expires_at: access.expires_at }
}
