import { and, desc, eq, inArray } from 'drizzle-orm'
import type { Db } from '#server/database/realms.ts'
import { recordAudit } from '#server/domain/audit/audit.ts'
import { recordInTenant } from '#server/domain/audit/tenant-audit.ts'
import type { App, Origin } from '#server/domain/context.ts'
import { wakeMails } from '#server/domain/mail/outbox.ts'
import { enqueueOperation } from '#server/domain/operations/operations.ts'
import { endSupportAccessesOf } from '#server/domain/support/sessions.ts'
import type { AuditAction } from '#shared/audit-actions.ts'
import { conflict, notFound } from '#shared/errors.ts'
import type { TenantStatus } from '#shared/tenant-statuses.ts'
import { tenantStatuses } from '#shared/tenant-statuses.ts'
import type { TenantNotice } from './notices.ts'
import { noticeLanguage, noticeTenant } from './notices.ts'
import { tenantRealmOf } from './origins.ts'
import { standingOf } from './status.ts'
import type { TenantRow } from './tenants.ts'
import { announceTenant, tenantColumns } from './tenants.ts'

/**
 * The life of a tenant: from which states each verb leads on. One that is being made is in
 * no state, as its transaction is not over; one that has been purged is a tombstone. Every verb is recorded, and every
 * process knows within a second.
 */
export const verbsFrom = {
  suspend: ['active'],
  resume: ['suspended'],
  scheduleDeletion: ['active', 'suspended'],
  restore: ['deleting'],
  purge: tenantStatuses,
} as const satisfies Record<string, readonly TenantStatus[]>

/** Closes a tenant's portal and API, until it is resumed. @throws ApiError 404, 409 */
export function suspendTenant(app: App, id: string, reason: string | null, origin: Origin): Promise<TenantRow> {
  return change(app, id, origin, 'suspend', () => ({
    set: { status: 'suspended', status_reason: reason },
    actions: ['tenant.suspended', 'organization.suspended'],
    details: reason === null ? {} : { reason },
    notice: { event: 'suspended', reason },
  }))
}

/** @throws ApiError 404, 409 */
export function resumeTenant(app: App, id: string, origin: Origin): Promise<TenantRow> {
  return change(app, id, origin, 'resume', () => ({
    set: { status: 'active', status_reason: null },
    actions: ['tenant.resumed', 'organization.resumed'],
    notice: { event: 'resumed' },
  }))
}

/** Closes a tenant, to be purged when its grace is over unless it is restored before. @throws ApiError 404, 409 */
export function scheduleDeletion(app: App, id: string, reason: string | null, origin: Origin): Promise<TenantRow> {
  const purge_after = new Date(Date.now() + app.config.life.grace * 1000)
  return change(app, id, origin, 'scheduleDeletion', before => ({
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

/** Takes a scheduled deletion back: the tenant is what it was before. @throws ApiError 404, 409 */
export function restoreTenant(app: App, id: string, origin: Origin): Promise<TenantRow> {
  return change(app, id, origin, 'restore', before => ({
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
 * Begins to remove a tenant with all that it has, for good. One whose removal was cut off goes on with it.
 * @param options.held see `enqueueOperation`
 * @param options.overdue only one whose grace is over
 * @returns the id of the operation that does it
 * @throws ApiError 404, or 409 while another operation is under way on it
 */
export async function purgeTenant(
  app: App,
  id: string,
  origin: Origin,
  { held = false, overdue = false } = {},
): Promise<string> {
  const { operations } = app.database.platform.tables
  return app.database.platform.transaction(async tx => {
    const before = await lockTenant(tx, app, id, 'purge')
    const open = await tx
      .select({ id: operations.id })
      .from(operations)
      .where(
        and(eq(operations.tenant, id), eq(operations.kind, 'purge'), inArray(operations.state, ['queued', 'running'])),
      )
      .orderBy(desc(operations.created))
      .limit(1)
    if (open[0]) return open[0].id
    if (overdue && before.status !== 'purging' && !(before.purge_after && before.purge_after < new Date()))
      throw wrongState('Its grace is not over.')
    if (before.status !== 'purging') {
      await setState(tx, app, id, { status: 'purging', purge_after: null, status_before: null, reason_before: null })
      await recordAudit(tx, app.database.platform, origin, {
        action: 'tenant.purge_started',
        subject: id,
        details: { subdomain: before.subdomain, name: before.name },
      })
      await announceTenant(tx, id)
    }
    return enqueueOperation(
      tx,
      app,
      origin,
      { kind: 'purge', tenant: id, input: { schema: before.schema, subdomain: before.subdomain, name: before.name } },
      held,
    )
  })
}

/**
 * Answers 503 on a tenant's host while it is worked on, whatever its state.
 * @throws ApiError 404, 409 when it is so already
 */
export function startMaintenance(app: App, id: string, origin: Origin): Promise<TenantRow> {
  return changeMaintenance(app, id, new Date(), origin)
}

/** @throws ApiError 404, 409 when it is not in maintenance */
export function endMaintenance(app: App, id: string, origin: Origin): Promise<TenantRow> {
  return changeMaintenance(app, id, null, origin)
}

async function changeMaintenance(
  app: App,
  id: string,
  maintenance_since: Date | null,
  origin: Origin,
): Promise<TenantRow> {
  return app.database.platform.transaction(async tx => {
    const before = await lockTenant(tx, app, id)
    if (before.status === 'purging') throw wrongState('The organisation is being removed.')
    if ((before.maintenance_since === null) === (maintenance_since === null))
      throw wrongState(`The organisation is ${maintenance_since ? 'in maintenance already' : 'not in maintenance'}.`)
    const tenant = await setState(tx, app, id, { maintenance_since })
    await record(
      tx,
      app,
      tenant,
      origin,
      maintenance_since
        ? ['tenant.maintenance_started', 'organization.maintenance_started']
        : ['tenant.maintenance_ended', 'organization.maintenance_ended'],
    )
    return tenant
  })
}

interface Change {
  set: TenantChanges
  /** In the platform's record, and in the tenant's own, which its admins read. */
  actions: [AuditAction, AuditAction]
  details?: Record<string, unknown>
  notice: TenantNotice
}

async function change(
  app: App,
  id: string,
  origin: Origin,
  verb: keyof typeof verbsFrom,
  decide: (before: LockedTenant) => Change,
): Promise<TenantRow> {
  const language = await noticeLanguage(app, id)
  return app.database.platform.transaction(async tx => {
    const { set, actions, details, notice } = decide(await lockTenant(tx, app, id, verb))
    const tenant = await setState(tx, app, id, set)
    if (tenant.status !== 'active')
      await endSupportAccessesOf(
        tx,
        tenantRealmOf(app, tenant),
        { ...origin, actor: null },
        tenant.status,
        origin.actor,
      )
    await record(tx, app, tenant, origin, actions, details)
    await noticeTenant(tx, app, tenant, language, notice)
    return tenant
  })
}

type LockedTenant = Awaited<ReturnType<typeof lockTenant>>

/**
 * Holds a tenant's row until the transaction ends, so that nobody changes it meanwhile.
 * @param verb what is to be done to it
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

const stateWords: Record<TenantStatus, string> = {
  active: 'active',
  suspended: 'suspended',
  deleting: 'scheduled for deletion',
  purging: 'being removed',
}

/** Something that cannot be done to a tenant as it is. */
export function wrongState(detail: string) {
  return conflict(detail, 'wrong_state')
}

type TenantChanges = Partial<App['database']['platform']['tables']['tenants']['$inferInsert']>

async function setState(tx: Db, app: App, id: string, changes: TenantChanges): Promise<TenantRow> {
  const { tenants } = app.database.platform.tables
  const now = new Date()
  const rows = await tx
    .update(tenants)
    .set({ ...changes, ...(changes.status ? { status_changed: now } : {}), updated: now })
    .where(eq(tenants.id, id))
    .returning(tenantColumns(tenants))
  return rows[0]!
}

async function record(
  tx: Db,
  app: App,
  tenant: TenantRow,
  origin: Origin,
  [forOperators, forAdmins]: [AuditAction, AuditAction],
  details: Record<string, unknown> = {},
): Promise<void> {
  await recordAudit(tx, app.database.platform, origin, { action: forOperators, subject: tenant.id, details })
  await recordInTenant(tx, app, tenant, { action: forAdmins, subject: tenant.id, details })
  await announceTenant(tx, tenant.id)
  // What was held back while it was closed.
  if (standingOf(tenant) === 'active') await wakeMails(tx)
}
