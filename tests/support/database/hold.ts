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
