import type { App, AuditContext } from '#server/domain/context.ts'
import type { TenantRow } from '#server/domain/tenants/tenants.ts'
import type { AuditAction } from '#shared/audit-actions.ts'
import { lockTenant, recordState, setState, wrongState } from './transitions.ts'

/**
 * Starts maintenance: the tenant's host answers 503, whatever its state.
 * @throws ApiError 404, 409 if it is in maintenance already
 */
export function startMaintenance(app: App, id: string, audit: AuditContext): Promise<TenantRow> {
  return changeMaintenance(app, id, new Date(), audit)
}

/** Ends maintenance. @throws ApiError 404, 409 if the tenant is not in maintenance */
export function endMaintenance(app: App, id: string, audit: AuditContext): Promise<TenantRow> {
  return changeMaintenance(app, id, null, audit)
}

const started: [AuditAction, AuditAction] = ['tenant.maintenance_started', 'organization.maintenance_started']
const ended: [AuditAction, AuditAction] = ['tenant.maintenance_ended', 'organization.maintenance_ended']

async function changeMaintenance(
  app: App,
  id: string,
  maintenance_since: Date | null,
  audit: AuditContext,
): Promise<TenantRow> {
  return app.database.platform.transaction(async tx => {
    const before = await lockTenant(tx, app, id)
    if (before.status === 'purging') throw wrongState('The organisation is being removed.')
    if ((before.maintenance_since === null) === (maintenance_since === null))
      throw wrongState(`The organisation is ${maintenance_since ? 'in maintenance already' : 'not in maintenance'}.`)
    const tenant = await setState(tx, app, id, { maintenance_since })
    await recordState(tx, app, tenant, audit, maintenance_since ? started : ended)
    return tenant
  })
}
