import { ne } from 'drizzle-orm'
import { deleteArchive, listArchives } from '#server/domain/archives/store.ts'
import type { App } from '#server/domain/context.ts'
import { fromSystem } from '#server/domain/context.ts'
import { reasonOf } from '#server/database/errors.ts'

/**
 * Deletes archives that are older than `ARCHIVE_RETENTION` days. The newest of each existing organisation stays, and so
 * does what cannot be read: somebody has to look at it.
 */
export async function deleteOldArchives(app: App): Promise<void> {
  const { archiveRetention } = app.config
  if (archiveRetention === undefined) return
  const limit = new Date(Date.now() - archiveRetention * 86_400_000).toISOString()
  const existing = await existingTenants(app)
  const seen = new Set<string>()
  for (const { name, created, tenant } of await listArchives(app)) {
    if (!tenant || !created) continue
    const isNewest = existing.has(tenant.id) && !seen.has(tenant.id)
    seen.add(tenant.id)
    if (created < limit && !isNewest) await deleteOne(app, name)
  }
}

async function deleteOne(app: App, name: string): Promise<void> {
  try {
    await deleteArchive(app, name, fromSystem)
    app.log.info({ event: 'archive_expired', archive: name })
  } catch (error) {
    app.log.warn({ event: 'archive_removal_failed', archive: name, reason: reasonOf(error) })
  }
}

async function existingTenants({ database: { platform } }: App): Promise<Set<string>> {
  const { tenants } = platform.tables
  const rows = await platform.db.select({ id: tenants.id }).from(tenants).where(ne(tenants.status, 'purging'))
  return new Set(rows.map(({ id }) => id))
}
