import { and, desc, eq, inArray } from 'drizzle-orm'
import type { Db } from '#server/database/realms.ts'
import { recordAudit } from '#server/domain/audit/audit.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import { enqueueOperation } from '#server/domain/operations/enqueue.ts'
import type { TenantRow } from '#server/domain/tenants/tenants.ts'
import { announceTenant } from '#server/domain/tenants/tenants.ts'
import { changeState } from './change-state.ts'
import type { LockedTenant } from './transitions.ts'
import { lockTenant, setState, wrongState } from './transitions.ts'

/** Closes a tenant. It is purged after the grace period, unless the deletion is cancelled. @throws ApiError 404, 409 */
export function scheduleDeletion(app: App, id: string, reason: string | null, audit: AuditContext): Promise<TenantRow> {
  const purge_after = new Date(Date.now() + app.config.life.deletionGrace * 1000)
  return changeState(app, id, audit, 'scheduleDeletion', before => ({
    set: {
      status: 'deleting',
      status_reason: reason,
      purge_after,
      status_before: before.status as 'active' | 'suspended',
      reason_before: before.status_reason,
    },
    actions: ['tenant.deletion_scheduled', 'organization.deletion_scheduled'],
    details: { purge_after, ...(reason === null ? {} : { reason }) },
    notice: { event: 'deletion_scheduled', reason, until: purge_after },
  }))
}

/** Cancels a scheduled deletion: the tenant is in its former state again. @throws ApiError 404, 409 */
export function cancelDeletion(app: App, id: string, audit: AuditContext): Promise<TenantRow> {
  return changeState(app, id, audit, 'cancelDeletion', before => ({
    set: {
      status: before.status_before ?? 'suspended',
      status_reason: before.reason_before,
      purge_after: null,
      status_before: null,
      reason_before: null,
    },
    actions: ['tenant.restored', 'organization.restored'],
    notice: { event: 'restored' },
  }))
}

/**
 * Starts to purge a tenant, or continues an interrupted purge.
 * @param options.held see `enqueueOperation`
 * @param options.overdue only if the grace period is over
 * @returns the id of the operation
 * @throws ApiError 404, or 409 while the tenant has another operation
 */
export async function purgeTenant(
  app: App,
  id: string,
  audit: AuditContext,
  { held = false, overdue = false } = {},
): Promise<string> {
  return app.database.platform.transaction(async tx => {
    const before = await lockTenant(tx, app, id, 'purge')
    const open = await findPurge(tx, app, id)
    if (open !== undefined) return open
    if (overdue && before.status !== 'purging' && !(before.purge_after && before.purge_after < new Date()))
      throw wrongState('Its grace is not over.')
    if (before.status !== 'purging') await closeForGood(tx, app, before, audit)
    const { schema, subdomain, name } = before
    return enqueueOperation(tx, app, audit, { kind: 'purge', tenant: id, input: { schema, subdomain, name } }, held)
  })
}

/** @returns the id of the purge that is under way */
async function findPurge(tx: Db, { database: { platform } }: App, tenant: string): Promise<string | undefined> {
  const { operations } = platform.tables
  const isOpen = inArray(operations.state, ['queued', 'running'])
  const rows = await tx
    .select({ id: operations.id })
    .from(operations)
    .where(and(eq(operations.tenant, tenant), eq(operations.kind, 'purge'), isOpen))
    .orderBy(desc(operations.created))
    .limit(1)
  return rows[0]?.id
}

async function closeForGood(tx: Db, app: App, tenant: LockedTenant, audit: AuditContext): Promise<void> {
  const { id, subdomain, name } = tenant
  await setState(tx, app, id, { status: 'purging', purge_after: null, status_before: null, reason_before: null })
  await recordAudit(tx, app.database.platform, audit, {
    action: 'tenant.purge_started',
    subject: id,
    details: { subdomain, name },
  })
  await announceTenant(tx, id)
}
