import { sql } from 'drizzle-orm'
import { hasCitus } from './citus.ts'
import type { Db } from './realms.ts'
import { requireSchemaName } from './schema-names.ts'

/** The schemas that are not a tenant's. With Citus, they are ordinary ones on the coordinator. */
const localSchemas = ['platform', 'pgboss']

/**
 * Creates a schema, in the caller's transaction. With Citus, a tenant's is distributed: all of its tables are on one of
 * the machines. See docs/decisions/0024-past-one-machine.md.
 */
export async function createSchema(tx: Db, name: string): Promise<void> {
  const isLocal = localSchemas.includes(name)
  if (await hasCitus(tx))
    await tx.execute(
      sql`select set_config('citus.enable_schema_based_sharding', ${isLocal ? 'off' : 'on'}::text, true) as setting`,
    )
  if (isLocal) await tx.execute(sql`create schema if not exists ${sql.identifier(name)}`)
  else await tx.execute(sql`create schema ${sql.identifier(requireSchemaName(name))}`)
}
