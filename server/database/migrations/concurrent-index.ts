import { sql } from 'drizzle-orm'
import type { Database, Db } from '#server/database/realms.ts'
import { indexNameOf, withoutComments } from './statements.ts'

/**
 * Creates or drops an index while rows are written, which no transaction can do. It can be cut off and repeated: an
 * index whose creation was cut off is there, but invalid, and is dropped and created again.
 * @param tx a transaction that keeps others from the schema; it only reads here
 */
export async function runConcurrently(database: Database, tx: Db, schema: string, statement: string): Promise<void> {
  const index = indexNameOf(statement)
  const rows = await tx.execute<{ valid: boolean }>(sql`
    select i.indisvalid as valid from pg_index i join pg_class c on c.oid = i.indexrelid
    join pg_namespace n on n.oid = c.relnamespace where n.nspname = ${schema} and c.relname = ${index}`)
  // PostgreSQL keeps the snapshot of a SELECT until the transaction's next statement, and the index waits for the end
  // of every transaction that has one. From here on, this one only waits, and may.
  await tx.execute(sql`set local idle_in_transaction_session_timeout to 0`)
  const isDrop = /^drop\b/i.test(withoutComments(statement))
  if (rows[0] && (isDrop || !rows[0].valid))
    await database.slots.alone(schema, `drop index concurrently if exists "${index.replaceAll('"', '""')}"`)
  if (!isDrop && !rows[0]?.valid) await database.slots.alone(schema, withoutComments(statement))
}
