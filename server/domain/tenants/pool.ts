import { setTimeout as sleep } from 'node:timers/promises'
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
  while (!signal?.aborted) {
    const result = await makeOneMore(app, migrations, size)
    if (result === 'enough') break
    if (result === 'made') made++
    else await sleep(turnPause)
  }
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

/** Milliseconds until a process tries again while another one makes a spare. */
const turnPause = 100

function makeOneMore(
  { database: { platform } }: App,
  migrations: Migration[],
  size: number,
): Promise<'made' | 'enough' | 'busy'> {
  return platform.transaction(async tx => {
    // One process at a time. The others wait without a connection, because a spare can take longer than a lock may be
    // waited for, and count again, so they see claims that were made meanwhile.
    const [lock] = await tx.execute<{ held: boolean }>(sql`select pg_try_advisory_xact_lock(7265004) as held`)
    if (!lock!.held) return 'busy'
    if ((await countSpares(tx, migrations)) >= size) return 'enough'
    await makeSpare(tx, platform, migrations)
    return 'made'
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
