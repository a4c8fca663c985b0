import { sql } from 'drizzle-orm'
import type { Db } from '#server/database/realms.ts'
import type { App } from '#server/domain/context.ts'
import { fromSystem } from '#server/domain/context.ts'
import type { TenantRow } from '#server/domain/tenants/tenants.ts'
import type { AuditEntry } from './audit.ts'
import { recordAudit } from './audit.ts'

/**
 * Records in a tenant's own record what operators did to it, for its admins. Who of them did it is in the platform's
 * record alone. A tenant whose schema is broken can still be suspended and deleted.
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
