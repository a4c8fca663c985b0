import type { App, AuditContext } from '#server/domain/context.ts'
import { endSupportAccessesOf } from '#server/domain/support/sessions.ts'
import type { TenantNotice } from '#server/domain/tenants/notices.ts'
import { noticeLanguage, noticeTenant } from '#server/domain/tenants/notices.ts'
import { tenantRealmOf } from '#server/domain/tenants/origins.ts'
import type { TenantRow } from '#server/domain/tenants/tenants.ts'
import type { AuditAction } from '#shared/audit-actions.ts'
import type { LockedTenant, TenantChanges, verbsFrom } from './transitions.ts'
import { lockTenant, recordState, setState } from './transitions.ts'

interface StateChange {
  set: TenantChanges
  /** For the platform's audit log, and for the tenant's own, which its Admins read. */
  actions: [AuditAction, AuditAction]
  details?: Record<string, unknown>
  notice: TenantNotice
}

/**
 * Uses a verb on a tenant: changes its row, ends support sessions where it closes, records it and notifies its Admins.
 * @param decide what changes, given the tenant as it was
 * @throws ApiError 404, 409
 */
export async function changeState(
  app: App,
  id: string,
  audit: AuditContext,
  verb: keyof typeof verbsFrom,
  decide: (before: LockedTenant) => StateChange,
): Promise<TenantRow> {
  const language = await noticeLanguage(app, id)
  return app.database.platform.transaction(async tx => {
    const { set, actions, details, notice } = decide(await lockTenant(tx, app, id, verb))
    const tenant = await setState(tx, app, id, set)
    if (tenant.status !== 'active')
      await endSupportAccessesOf(tx, tenantRealmOf(app, tenant), { ...audit, actor: null }, tenant.status, audit.actor)
    await recordState(tx, app, tenant, audit, actions, details)
    await noticeTenant(tx, app, tenant, language, notice)
    return tenant
  })
}
