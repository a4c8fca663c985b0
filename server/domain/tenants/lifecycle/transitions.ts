import { eq } from 'drizzle-orm'
import { writeStanding } from '#server/database/migrations/standing.ts'
import type { Db } from '#server/database/realms.ts'
import { recordAudit } from '#server/domain/audit/audit.ts'
import { recordInTenant } from '#server/domain/audit/tenant-audit.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import { wakeMails } from '#server/domain/mail/outbox.ts'
import { standingOf } from './standing.ts'
import type { TenantRow } from '#server/domain/tenants/tenants.ts'
import { announceTenant, tenantColumns } from '#server/domain/tenants/tenants.ts'
import type { AuditAction } from '#shared/audit-actions.ts'
import { conflict, notFound } from '#shared/errors.ts'
import type { TenantStatus } from '#shared/tenant-statuses.ts'
import { tenantStatuses } from '#shared/tenant-statuses.ts'

/**
 * The statuses in which each action is allowed. A tenant has no status before its creating transaction commits, and a
 * purged tenant is a tombstone. Every action is recorded, and every process is notified within a second.
 */
export const verbsFrom = {
  suspend: ['active'],
  resume: ['suspended'],
  scheduleDeletion: ['active', 'suspended'],
  cancelDeletion: ['deleting'],
  purge: tenantStatuses,
} as const satisfies Record<string, readonly TenantStatus[]>

/**
 * Locks a tenant's row until the transaction ends.
 * @param verb the action on the tenant
 * @throws ApiError 404, 409
 */
export async function lockTenant(tx: Db, app: App, id: string, verb?: keyof typeof verbsFrom) {
  const { tenants } = app.database.platform.tables
  const rows = await tx
    .select({ ...tenantColumns(tenants), status_before: tenants.status_before, reason_before: tenants.reason_before })
    .from(tenants)
    .where(eq(tenants.id, id))
    .for('update')
  if (!rows[0]) throw notFound()
  if (verb && !(verbsFrom[verb] as readonly TenantStatus[]).includes(rows[0].status))
    throw wrongState(`The organisation is ${stateWords[rows[0].status]}.`)
  return rows[0]
}

export type LockedTenant = Awaited<ReturnType<typeof lockTenant>>

const stateWords: Record<TenantStatus, string> = {
  active: 'active',
  suspended: 'suspended',
  deleting: 'scheduled for deletion',
  purging: 'being removed',
}

/** @returns the 409 for an action that is not allowed in the tenant's status */
export function wrongState(detail: string) {
  return conflict(detail, 'wrong_state')
}

export type TenantChanges = Partial<App['database']['platform']['tables']['tenants']['$inferInsert']>

/** Updates a tenant's row, the time of the change if the status changes, and the copy in its own schema. */
export async function setState(tx: Db, app: App, id: string, changes: TenantChanges): Promise<TenantRow> {
  const { tenants } = app.database.platform.tables
  const now = new Date()
  const rows = await tx
    .update(tenants)
    .set({ ...changes, ...(changes.status ? { status_changed: now } : {}), updated: now })
    .where(eq(tenants.id, id))
    .returning(tenantColumns(tenants))
  const tenant = rows[0]!
  await writeStanding(tx, tenant.schema)
  return tenant
}

/** Records a change in the platform's and the tenant's audit log, and tells every process. */
export async function recordState(
  tx: Db,
  app: App,
  tenant: TenantRow,
  audit: AuditContext,
  [forOperators, forAdmins]: [AuditAction, AuditAction],
  details: Record<string, unknown> = {},
): Promise<void> {
  await recordAudit(tx, app.database.platform, audit, { action: forOperators, subject: tenant.id, details })
  await recordInTenant(tx, app, tenant, { action: forAdmins, subject: tenant.id, details })
  await announceTenant(tx, tenant.id)
  // Mails wait while the tenant is closed.
  if (standingOf(tenant) === 'active') await wakeMails(tx)
}
