import type { Sql, TransactionSql } from 'postgres'
import { onTestFinished } from 'vitest'

/** Holds the locks that `take` acquires until it is released, or the test is over. */
export async function hold(
  sql: Sql,
  take: (tx: TransactionSql) => Promise<unknown>,
): Promise<{ release(): Promise<void> }> {
  const taken = Promise.withResolvers<unknown>()
  const released = Promise.withResolvers<unknown>()
  const over = sql
    .begin(async tx => {
      await take(tx)
      taken.resolve(true)
      await released.promise
    })
    .catch(taken.reject)
  const release = async () => {
    released.resolve(true)
    await over
  }
  onTestFinished(release)
  await taken.promise
  return { release }
}

/**
 * Lets nobody read or write a table, for `hold`. `LOCK TABLE` needs the right to change the rows, before PostgreSQL 17:
 * nobody has it for an audit log.
 */
export function closeTable(tx: TransactionSql, schema: string, table: string): Promise<unknown> {
  return tx`alter table ${tx(schema)}.${tx(table)} replica identity default`
}
