import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import type { App } from '#server/domain/context.ts'
import { strayImages } from '#server/domain/images/folders.ts'
import type { Check } from '#server/domain/platform/check.ts'
import { listArchives, workPrefix } from './store.ts'

/** Milliseconds after which no process works on a file any more. */
const stale = 60 * 60_000

/** Archives that cannot be read, and leftovers of unfinished ones. */
export async function checkArchives(app: App): Promise<Check> {
  const archives = await listArchives(app)
  const unreadable = archives.flatMap(({ name, problem }) => (problem === null ? [] : [`${name}: ${problem}`]))
  return {
    name: 'archives',
    found: `${archives.length} found`,
    problems: [...unreadable, ...(await findLeftOvers(app))],
  }
}

async function findLeftOvers({ config, database }: App): Promise<string[]> {
  const names = (await readdir(config.archiveDir).catch(() => [])).filter(name => name.startsWith('.'))
  const rows = await database.platform.db.execute<{ id: string }>(
    sql`select id from platform.operations where state = 'running' and lease_until > now()`,
  )
  const busy = new Set(rows.map(({ id }) => id))
  const found: string[] = []
  for (const name of names) {
    const { mtimeMs } = await stat(join(config.archiveDir, name)).catch(() => ({ mtimeMs: Infinity }))
    const isBusy = name.startsWith(workPrefix)
      ? busy.has(name.slice(workPrefix.length, workPrefix.length + 36))
      : mtimeMs > Date.now() - stale
    if (!isBusy)
      found.push(
        `${join(config.archiveDir, name)} is left over from an interrupted archive. If no operation is using it, delete it.`,
      )
  }
  return found
}

/** Images in a tenant's folder that none of its rows names. */
export async function checkPictures(app: App): Promise<Check> {
  const {
    db,
    tables: { tenants },
  } = app.database.platform
  const rows = await db.select({ subdomain: tenants.subdomain, schema: tenants.schema }).from(tenants)
  const problems: string[] = []
  let count = 0
  for (const { subdomain, schema } of rows) {
    // Another check reports a schema that is missing or lacks a table.
    const strays = await strayImages(app, schema, new Date(Date.now() - stale)).catch(() => [])
    count += strays.length
    if (strays.length > 0)
      problems.push(
        `${strays.length} files of ${subdomain} are orphaned, such as ${join(app.config.uploadDir, schema, strays[0]!)}. You can delete them.`,
      )
  }
  return { name: 'pictures', found: `${count} orphaned files`, problems }
}
