import { recordAudit } from '#server/domain/audit/audit.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import { enqueueOperation } from '#server/domain/operations/enqueue.ts'
import type { TenantRow } from '#server/domain/tenants/tenants.ts'
import { requireTenant } from '#server/domain/tenants/tenants.ts'
import type { AuditAction } from '#shared/audit-actions.ts'
import { conflict } from '#shared/errors.ts'
import type { OperationKind } from '#shared/operations.ts'
import type { CloneInput } from './clone.ts'
import { requireOwnAdmin } from './clone.ts'
import { requireArchive, requireWelcome } from './store.ts'
import type { NewPlace, RestoreInput } from './target.ts'
import { planPlace } from './target.ts'

/**
 * Checks a request as far as possible, records it with the user who made it, and queues an operation. `held` leaves the
 * work to the caller; see `enqueueOperation`. Each function returns the operation's id.
 */

/** @throws ApiError 404, 409 while there is no schema or another operation is in progress */
export async function requestExport(app: App, tenantId: string, audit: AuditContext, held = false): Promise<string> {
  const tenant = await requireTenant(app, { id: tenantId })
  requireSchema(tenant, ['active', 'suspended', 'deleting'])
  return enqueue(app, audit, 'tenant.exported', { kind: 'export', tenant: tenant.id }, held)
}

/** In place. @throws ApiError as `requestExport`, 400 on `archive` */
export async function requestRestoration(
  app: App,
  tenantId: string,
  { archive, foreign, keep }: { archive: string; foreign: boolean; keep: boolean },
  audit: AuditContext,
  held = false,
): Promise<string> {
  const tenant = await requireTenant(app, { id: tenantId })
  requireSchema(tenant, ['active', 'suspended'])
  await requireUsable(app, archive, foreign)
  const input: RestoreInput = { archive, foreign, keep, place: null, maintained: tenant.maintenance_since !== null }
  const operation: NewOperation = { kind: 'restore', tenant: tenant.id, input: { ...input } }
  return enqueue(app, audit, 'tenant.restored_from_archive', operation, held)
}

/** As a new tenant. @throws ApiError 404, 400 naming the field */
export async function requestNewFromArchive(
  app: App,
  { archive, foreign, ...place }: { archive: string; foreign: boolean; name: string; subdomain: string },
  audit: AuditContext,
  held = false,
): Promise<string> {
  const { business_email, business_phone_number } = await requireUsable(app, archive, foreign)
  const planned = await planPlace(app, { ...place, business_email, business_phone_number })
  const input: RestoreInput = { archive, foreign, keep: false, maintained: false, place: planned }
  const operation: NewOperation = { kind: 'restore', tenant: null, input: { ...input } }
  return enqueue(app, audit, 'tenant.created_from_archive', operation, held)
}

/** @throws ApiError 404, 400 naming the field, 409 */
export async function requestClone(
  app: App,
  tenantId: string,
  { name, subdomain, ...admin }: Pick<NewPlace, 'name' | 'subdomain'> & Omit<CloneInput, 'place'>,
  audit: AuditContext,
  held = false,
): Promise<string> {
  const source = await requireTenant(app, { id: tenantId })
  requireSchema(source, ['active', 'suspended'])
  if (admin.keep_admin) await requireOwnAdmin(app, source, admin.admin_email)
  const input: CloneInput = {
    place: await planPlace(app, { name, subdomain, business_email: admin.admin_email, business_phone_number: '' }),
    ...admin,
  }
  return enqueue(app, audit, 'tenant.cloned', { kind: 'clone', tenant: source.id, input: { ...input } }, held)
}

interface NewOperation {
  kind: OperationKind
  tenant: string | null
  input?: Record<string, unknown>
}

async function requireUsable(app: App, name: string, foreign: boolean) {
  const archive = await requireArchive(app, name)
  await archive.close()
  requireWelcome(archive, foreign)
  return archive.manifest.tenant
}

function requireSchema({ status }: TenantRow, statuses: TenantRow['status'][]): void {
  if (!statuses.includes(status)) throw conflict(`The organisation is ${status}.`, 'wrong_state')
}

function enqueue(
  app: App,
  audit: AuditContext,
  action: AuditAction,
  operation: NewOperation,
  held: boolean,
): Promise<string> {
  const { platform } = app.database
  return platform.transaction(async tx => {
    const id = await enqueueOperation(tx, app, audit, operation, held)
    const { archive, place } = (operation.input ?? {}) as { archive?: string; place?: NewPlace }
    await recordAudit(tx, platform, audit, {
      action,
      subject: operation.tenant ?? undefined,
      details: { operation: id, ...(archive ? { archive } : {}), ...(place ? { subdomain: place.subdomain } : {}) },
    })
    return id
  })
}
