import { gt } from 'drizzle-orm'
import { reasonOf } from '#server/database/errors.ts'
import { targetVersion } from '#server/database/migrations/files.ts'
import type { Migration } from '#server/database/migrations/files.ts'
import { readFleet } from '#server/database/migrations/fleet-rows.ts'
import type { App } from '#server/domain/context.ts'
import { lastFleetMigration } from './runs.ts'
import { migrateTenant } from './work.ts'

/**
 * Migrates the tenants that processes of the version before have created since the last run, if that one has brought
 * all the others to this program's version. A failure is recorded, and not tried again.
 */
export async function migrateLatecomers(app: App, migrations: Migration[], signal: AbortSignal): Promise<void> {
  const run = await lastFleetMigration(app)
  // One that was given up because its processes died has failed without a failure.
  const isOver = run?.outcome === 'completed' || (run?.outcome === 'failed' && run.failed > 0)
  if (!isOver || run.target !== targetVersion(migrations)) return
  const { db, tables } = app.database.platform
  const young = await db
    .select({ subdomain: tables.tenants.subdomain })
    .from(tables.tenants)
    .where(gt(tables.tenants.created, run.started))
  const names = new Set(young.map(({ subdomain }) => subdomain))
  for (const { subdomain, state, pending } of await readFleet(app.database, migrations, {})) {
    if (signal.aborted) return
    if (names.has(subdomain) && state === 'migrated' && pending !== null && pending.length > 0)
      await migrateTenant(app, migrations, subdomain)
  }
}

/** Milliseconds between two attempts. */
const pause = 5_000

export interface Latecomers {
  /** Migrates them soon, as one was met. */
  meet(subdomain: string): void
  /** Ends what is being done, after the tenant that is being migrated. */
  stop(): Promise<void>
}

/** Migrates latecomers as soon as somebody asks for one of them, which cannot be served before. */
export function watchLatecomers(app: App, migrations: Migration[]): Latecomers {
  const end = new AbortController()
  let work: Promise<void> | undefined
  let next = 0
  return {
    meet(subdomain) {
      if (work || end.signal.aborted || performance.now() < next) return
      app.log.warn({ event: 'tenant_behind', tenant: subdomain })
      work = migrateLatecomers(app, migrations, end.signal)
        .catch((error: unknown) => app.log.error({ event: 'latecomers_failed', reason: reasonOf(error) }))
        .finally(() => {
          work = undefined
          next = performance.now() + pause
        })
    },
    async stop() {
      end.abort()
      await work
    },
  }
}
