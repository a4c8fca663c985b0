import { eq, sql } from 'drizzle-orm'
import type { z } from 'zod'
import type { Db } from '#server/database/realms.ts'
import { recordAudit } from '#server/domain/audit/audit.ts'
import { recordInTenant } from '#server/domain/audit/tenant-audit.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import type { Precondition } from '#server/domain/lib/etag.ts'
import { requireMatch } from '#server/domain/lib/etag.ts'
import { changesOf } from '#server/domain/lib/diff.ts'
import type { tenantChangeSchema } from '#shared/schemas/tenants.ts'
import { lockTenant, wrongState } from './lifecycle/transitions.ts'
import { explainTaken } from './names.ts'
import { presentChangeable } from './present.ts'
import { requireFreeSubdomain } from './subdomains.ts'
import type { TenantRow } from './tenants.ts'
import { announceTenant, tenantColumns } from './tenants.ts'

export type TenantChange = z.output<typeof tenantChangeSchema>

/**
 * Changes the fields that operators may change. After a change of the subdomain, the tenant keeps its schema, keys and
 * sessions. The former subdomain redirects to the new one for a while, and nobody else can have it until then.
 * @throws ApiError 400 on a field that is taken, 404, 409 while it is being purged, 412
 */
export async function changeTenant(
  app: App,
  id: string,
  change: TenantChange,
  audit: AuditContext,
  precondition?: Precondition,
): Promise<TenantRow> {
  return explainTaken(() => app.database.platform.transaction(tx => changeIn(tx, app, id, change, audit, precondition)))
}

async function changeIn(
  tx: Db,
  app: App,
  id: string,
  change: TenantChange,
  audit: AuditContext,
  precondition: Precondition,
): Promise<TenantRow> {
  const { platform } = app.database
  const { tenants } = platform.tables
  const before = await lockTenant(tx, app, id)
  if (before.status === 'purging') throw wrongState('The organisation is being removed.')
  requireMatch(precondition, presentChangeable(app.config, before))
  const details = changesOf(before, change)
  if (Object.keys(details).length === 0) return before
  const rows = await tx
    .update(tenants)
    .set({ ...change, updated: new Date() })
    .where(eq(tenants.id, id))
    .returning(tenantColumns(tenants))
  const tenant = rows[0]!
  if (tenant.subdomain !== before.subdomain) await moveSubdomain(tx, app, before, tenant)
  await recordAudit(tx, platform, audit, { action: 'tenant.changed', subject: id, details })
  await recordInTenant(tx, app, tenant, { action: 'organization.changed', subject: id, details })
  await announceTenant(tx, id)
  return tenant
}

async function moveSubdomain(tx: Db, app: App, before: TenantRow, { id, subdomain }: TenantRow): Promise<void> {
  const { former_subdomains: former } = app.database.platform.tables
  await requireFreeSubdomain(tx, app.database.platform, subdomain, { tenant: id })
  // Also a former subdomain of another tenant, whose redirect has expired.
  await tx.delete(former).where(eq(former.subdomain, subdomain))
  const now = new Date()
  const moved = { tenant: id, created: now, redirects_until: new Date(now.getTime() + app.config.life.redirect * 1000) }
  await tx
    .insert(former)
    .values({ subdomain: before.subdomain, ...moved })
    .onConflictDoUpdate({ target: former.subdomain, set: moved })
}

/** Deletes former subdomains whose redirect has expired. */
export async function deleteFormerSubdomains({ database: { platform } }: App): Promise<void> {
  const { former_subdomains: former } = platform.tables
  await platform.db.delete(former).where(sql`${former.redirects_until} < now()`)
}
