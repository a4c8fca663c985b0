import { and, eq, isNotNull, isNull, lte, sql } from 'drizzle-orm'
import { reasonOf } from '#server/database/errors.ts'
import { recordAudit } from '#server/domain/audit/audit.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import { fromSystem } from '#server/domain/context.ts'
import { tenantRealmOf } from '#server/domain/tenants/origins.ts'
import { requireTenant } from '#server/domain/tenants/tenants.ts'
import { notFound } from '#shared/errors.ts'
import { endSupportAccesses, isOpenAccess } from './sessions.ts'

/**
 * Ends an access, opened or not, and its session.
 * @throws ApiError 404 if it does not exist or has ended
 */
export async function endSupportAccess(app: App, id: string, operator: string, audit: AuditContext): Promise<void> {
  const {
    db,
    tables: { support_accesses: accesses },
  } = app.database.platform
  const rows = await db
    .select({ id: accesses.id, tenant: accesses.tenant })
    .from(accesses)
    .where(and(eq(accesses.id, id), isOpenAccess()))
  if (!rows[0]) throw notFound()
  if (!(await takeLinkBack(app, id, { ...audit, actor: operator })))
    await endOne(app, rows[0], { ...audit, actor: null }, 'revoked', operator)
}

/** Ends an access that has not been opened; the tenant does not have to know. @returns whether there was one */
async function takeLinkBack({ database: { platform } }: App, id: string, audit: AuditContext): Promise<boolean> {
  const { support_accesses: accesses } = platform.tables
  return platform.transaction(async tx => {
    const rows = await tx
      .update(accesses)
      .set({ ended_at: new Date() })
      .where(and(eq(accesses.id, id), isNull(accesses.opened_at), isNull(accesses.ended_at)))
      .returning({
        tenant: accesses.tenant,
        user: sql<string>`coalesce(${accesses.user_email}, ${accesses.user_id}::text)`,
        operator: accesses.operator_email,
      })
    if (!rows[0]) return false
    const { tenant, ...rest } = rows[0]
    const details = { access: id, ...rest, reason: 'revoked' }
    await recordAudit(tx, platform, audit, { action: 'support.ended', subject: tenant, details })
    return true
  })
}

/** Records the end of accesses that have expired. They stopped working when they expired. */
export async function endExpiredAccesses(app: App): Promise<void> {
  // A tenant with a broken schema does not stop the others.
  for (const access of await readExpired(app))
    await endOne(app, access, fromSystem, 'expired', null).catch((error: unknown) => logFailure(app, access, error))
}

interface AccessKey {
  id: string
  tenant: string
}

function readExpired({ database }: App): Promise<AccessKey[]> {
  const { db, tables } = database.platform
  const { support_accesses: accesses } = tables
  return db
    .select({ id: accesses.id, tenant: accesses.tenant })
    .from(accesses)
    .where(and(isNotNull(accesses.opened_at), isNull(accesses.ended_at), lte(accesses.expires_at, new Date())))
}

function logFailure({ log }: App, { id, tenant }: AccessKey, error: unknown): void {
  log.warn({ event: 'support_access_close_failed', tenant, access: id, reason: reasonOf(error) })
}

async function endOne(
  app: App,
  { id, tenant }: AccessKey,
  audit: AuditContext,
  reason: string,
  operator: string | null,
): Promise<void> {
  const { realm } = tenantRealmOf(app, await requireTenant(app, { id: tenant }))
  await realm.transaction(tx => endSupportAccesses(tx, realm, [id], audit, reason, operator))
}
