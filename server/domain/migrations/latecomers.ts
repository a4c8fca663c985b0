import { gt } from 'drizzle-orm'
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
  if (run?.outcome !== 'completed' || run.target !== targetVersion(migrations)) return
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
