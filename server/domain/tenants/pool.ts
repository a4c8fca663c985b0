import { sql } from 'drizzle-orm'
import { reasonOf } from '#server/database/errors.ts'
import type { Migration } from '#server/database/migrations/files.ts'
import { countSpares, dropSpare, listSpares, makeSpare } from '#server/database/migrations/spare-schemas.ts'
import type { App } from '#server/domain/context.ts'
import type { Worker } from '#server/domain/operations/worker.ts'
import { createWorker } from '#server/domain/operations/worker.ts'

/** Called when a tenant was created, so a spare may be missing. */
export const poolChannel = 'tenantry_pool'

/**
 * Creates spare schemas until there are enough, each in one transaction. Spares of an older version, which no tenant
 * would get, are dropped. Those of a newer version belong to the processes that created them.
 * @returns how many were created and dropped
 */
export async function fillPool(
  app: App,
  migrations: Migration[],
  size: number,
  signal?: AbortSignal,
): Promise<{ made: number; dropped: number }> {
  const dropped = await dropOutdated(app, migrations)
  let made = 0
  while (!signal?.aborted && (await makeOneMore(app, migrations, size))) made++
  return { made, dropped }
}

/** Drops all spares that no transaction is claiming. @returns how many */
export async function drainPool({ database }: App, migrations: Migration[]): Promise<number> {
  let dropped = 0
  for (const { schema } of await listSpares(database, migrations)) if (await dropSpare(database, schema)) dropped++
  return dropped
}

async function dropOutdated({ database }: App, migrations: Migration[]): Promise<number> {
  const known = new Set(migrations.map(({ name }) => name))
  let dropped = 0
  for (const { schema, version, is_current } of await listSpares(database, migrations)) {
    const isNewer = version !== null && !known.has(version)
    if (!is_current && !isNewer && (await dropSpare(database, schema))) dropped++
  }
  return dropped
}

function makeOneMore({ database: { platform } }: App, migrations: Migration[], size: number): Promise<boolean> {
  return platform.transaction(async tx => {
    // One process at a time. The others wait and count again, so they see claims that were made meanwhile.
    await tx.execute(sql`select pg_advisory_xact_lock(7265004)`)
    if ((await countSpares(tx, migrations)) >= size) return false
    await makeSpare(tx, platform, migrations)
    return true
  })
}

/** Milliseconds between two checks when nothing is announced, or after a failed one. */
const nap = 60_000

/** Keeps the pool full for as long as the process lives; wake it when a tenant was created. */
export function createPoolKeeper(app: App, migrations: Migration[]): Worker {
  return createWorker(async signal => {
    try {
      const report = await fillPool(app, migrations, app.config.poolSize, signal)
      if (report.made + report.dropped > 0) app.log.info({ event: 'schema_pool_filled', ...report })
    } catch (error) {
      app.log.warn({ event: 'schema_pool_fill_failed', reason: reasonOf(error) })
    }
    return nap
  })
}
