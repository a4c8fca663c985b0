import { sql } from 'drizzle-orm'
import type { Db } from '#server/database/realms.ts'
import type { App } from '#server/domain/context.ts'
import { fromSystem } from '#server/domain/context.ts'
import type { TenantRow } from '#server/domain/tenants/tenants.ts'
import type { AuditEntry } from './audit.ts'
import { recordAudit } from './audit.ts'

/**
 * Records an operator's action in the tenant's own audit log, for its Admins. Only the platform's audit log names the
 * operator. Does nothing if the table is missing: a tenant with a broken schema can still be suspended and deleted.
 */
export async function recordInTenant(
  tx: Db,
  { database }: App,
  { schema }: Pick<TenantRow, 'schema'>,
  entry: AuditEntry,
): Promise<void> {
  const found = await tx.execute<{ found: boolean }>(
    sql`select to_regclass(${`${schema}.audit_events`}) is not null as found`,
  )
  if (found[0]!.found) await recordAudit(tx, database.tenant(schema), fromSystem, entry)
}
