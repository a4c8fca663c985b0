import { sql } from 'drizzle-orm'
import type { Db } from '#server/database/realms.ts'
import { requireSchemaName } from '#server/database/schema-names.ts'
import type { StoredStanding } from '#shared/tenant-statuses.ts'

interface TenantState extends Record<string, unknown> {
  standing: StoredStanding
}

/**
 * Writes what the platform says about a tenant into the `standing` of its own schema, where its queries read it. Every
 * transaction that changes a tenant's status or maintenance, or gives it another schema, ends with it. Does nothing for
 * a schema that is missing or has no such table yet: its migration calls it again.
 */
export async function writeStanding(tx: Db, schema: string): Promise<void> {
  const tenant = await readTenant(tx, schema)
  if (tenant) await followPlatform(tx, schema, tenant)
}

/** Reads a tenant's state by its schema, and lets no one change it before the transaction ends. */
export async function readTenant(tx: Db, schema: string): Promise<TenantState | undefined> {
  const rows = await tx.execute<TenantState>(sql`
    select case when maintenance_since is null then status else 'maintenance' end as standing
    from platform.tenants where schema = ${schema} for share`)
  return rows[0]
}

/** The second part of `writeStanding`, for a tenant that was read before. */
export async function followPlatform(tx: Db, schema: string, { standing }: TenantState): Promise<void> {
  if (!(await hasStanding(tx, schema))) return
  await tx.execute(sql`
    insert into ${sql.identifier(schema)}.standing (id, state) values (true, ${standing})
    on conflict (id) do update set state = excluded.state`)
}

/** Whether a schema has a table for it: it may be missing, or not be migrated yet. */
export async function hasStanding(tx: Db, schema: string): Promise<boolean> {
  const table = `${requireSchemaName(schema)}.standing`
  const rows = await tx.execute<{ found: boolean }>(sql`select to_regclass(${table}) is not null as found`)
  return rows[0]!.found
}
