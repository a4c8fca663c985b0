import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { and, inArray, sql } from 'drizzle-orm'
import type { App } from '../app.ts'
import type { Check } from '../doctor.ts'
import { strayImages } from '../image-folders.ts'
import { listArchives, workPrefix } from './store.ts'

/** Milliseconds after which nobody is at a file any more. */
const stale = 60 * 60_000

/** What exports and restores that were cut off have left, and archives that cannot be read. */
export async function checkArchives(app: App): Promise<Check> {
  const archives = await listArchives(app)
  const { db, tables: { operations } } = app.database.platform
  const open = await db.select({ id: operations.id, kind: operations.kind, alive: sql<boolean>`coalesce(${operations.lease_until} > now(), false)` }).from(operations)
    .where(and(inArray(operations.state, ['running']), inArray(operations.kind, ['export', 'restore', 'clone'])))
  const alive = new Set(open.filter(operation => operation.alive).map(({ id }) => id))
  return {
    name: 'archives',
    found: `${archives.length} found`,
    problems: [
      ...archives.flatMap(({ name, problem }) => problem === null ? [] : [`${name}: ${problem}`]),
      ...open.filter(operation => !operation.alive).map(({ id, kind }) => `The ${kind} ${id} was cut off; a server that runs finishes it.`),
      ...await leftOvers(app, alive),
    ],
  }
}

async function leftOvers({ config }: App, alive: Set<string>): Promise<string[]> {
  const found: string[] = []
  for (const name of (await readdir(config.archiveDir).catch(() => [])).filter(name => name.startsWith('.'))) {
    const { mtimeMs } = await stat(join(config.archiveDir, name)).catch(() => ({ mtimeMs: Infinity }))
    const busy = name.startsWith(workPrefix) ? alive.has(name.slice(workPrefix.length, workPrefix.length + 36)) : mtimeMs > Date.now() - stale
    if (!busy) found.push(`An archive that was never finished has left ${join(config.archiveDir, name)}.`)
  }
  return found
}

/** Pictures that no row names, in the folder of a tenant or of none. */
export async function checkFiles(app: App): Promise<Check> {
  const { db, tables: { tenants, operations } } = app.database.platform
  const rows = await db.select({ subdomain: tenants.subdomain, schema: tenants.schema }).from(tenants)
  // Of tenants that are just being made.
  const coming = await db.select({ schema: sql<string | null>`${operations.input}->'place'->>'schema'` }).from(operations).where(sql`state in ('queued', 'running')`)
  const known = new Set([...rows, ...coming].map(({ schema }) => schema))
  const folders = (await readdir(app.config.uploadDir).catch(() => [])).filter(name => name.startsWith('t_'))
  const problems = folders.filter(name => !known.has(name)).map(name => `${join(app.config.uploadDir, name)} belongs to no tenant.`)
  for (const { subdomain, schema } of rows.filter(({ schema }) => folders.includes(schema))) {
    // A schema that is missing, or lacks a table, is another check's.
    const strays = await strayImages(app, schema, new Date(Date.now() - stale)).catch(() => [])
    if (strays.length > 0) problems.push(`${strays.length} files of ${subdomain} belong to nobody, such as ${join(app.config.uploadDir, schema, strays[0]!)}.`)
  }
  return { name: 'files', found: `${folders.length} folders`, problems }
}
