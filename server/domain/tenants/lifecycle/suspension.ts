import type { App, AuditContext } from '#server/domain/context.ts'
import type { TenantRow } from '#server/domain/tenants/tenants.ts'
import { changeState } from './change-state.ts'

/** Closes a tenant's portal and API until it is resumed. @throws ApiError 404, 409 */
export function suspendTenant(app: App, id: string, reason: string | null, audit: AuditContext): Promise<TenantRow> {
  return changeState(app, id, audit, 'suspend', () => ({
    set: { status: 'suspended', status_reason: reason },
    actions: ['tenant.suspended', 'organization.suspended'],
    details: reason === null ? {} : { reason },
    notice: { event: 'suspended', reason },
  }))
}

/** Opens a suspended tenant again. @throws ApiError 404, 409 */
export function resumeTenant(app: App, id: string, audit: AuditContext): Promise<TenantRow> {
  return changeState(app, id, audit, 'resume', () => ({
    set: { status: 'active', status_reason: null },
    actions: ['tenant.resumed', 'organization.resumed'],
    notice: { event: 'resumed' },
  }))
}
