import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import type { App } from '#server/domain/context.ts'
import { compareImages } from '#server/domain/images/folders.ts'
import { counted } from '#server/domain/lib/counted.ts'
import type { Check } from '#server/domain/platform/check.ts'
import { findInvalidRecipients } from './encryption/age.ts'
import { listArchives, requireArchive } from './store.ts'
import { workPrefix } from '#server/domain/operations/work-folder.ts'

/** Milliseconds after which no process works on a file any more. */
const stale = 60 * 60_000

/** Archives that cannot be read, and leftovers of unfinished ones. */
export async function checkArchives(app: App): Promise<Check> {
  const archives = await listArchives(app)
  const unreadable = archives.flatMap(({ name, problem }) => (problem === null ? [] : [`${name}: ${problem}`]))
  return {
    name: 'archives',
    found: `${archives.length} found`,
    problems: [...unreadable, ...(await checkRecipients(app)), ...(await findLeftOvers(app))],
  }
}

async function checkRecipients({ config }: App): Promise<string[]> {
  const wrong = config.archiveRecipients.length > 0 ? await findInvalidRecipients(config.archiveRecipients) : []
  return wrong.map(recipient => `ARCHIVE_RECIPIENTS: ${recipient} is no public key of age, so no archive can be made.`)
}

async function findLeftOvers(app: App): Promise<string[]> {
  const { archiveDir } = app.config
  const names = (await readdir(archiveDir).catch(() => [])).filter(name => name.startsWith('.'))
  const running = await readRunning(app)
  const found: string[] = []
  for (const name of names) {
    const path = join(archiveDir, name)
    if (!(await isInUse(path, name, running)))
      found.push(`${path} is left over from an interrupted archive. If no operation is using it, delete it.`)
  }
  return found
}

/** Ids of the operations that are being worked on. */
async function readRunning({ database }: App): Promise<Set<string>> {
  const rows = await database.platform.db.execute<{ id: string }>(
    sql`select id from platform.operations where state = 'running' and lease_until > now()`,
  )
  return new Set(rows.map(({ id }) => id))
}

async function isInUse(path: string, name: string, running: Set<string>): Promise<boolean> {
  const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Infinity }))
  return name.startsWith(workPrefix)
    ? running.has(name.slice(workPrefix.length, workPrefix.length + 36))
    : mtimeMs > Date.now() - stale
}

/** Images in a tenant's folder that none of its rows names, and images that a row names but that do not exist. */
export async function checkPictures(app: App): Promise<Check> {
  const { db, tables } = app.database.platform
  const { tenants } = tables
  const rows = await db.select({ subdomain: tenants.subdomain, schema: tenants.schema }).from(tenants)
  const problems: string[] = []
  let orphans = 0
  let lost = 0
  for (const { subdomain, schema } of rows) {
    // Another check reports a schema that is missing or lacks a table.
    const nothing = { unused: [], missing: [] }
    const { unused, missing } = await compareImages(app, schema, new Date(Date.now() - stale)).catch(() => nothing)
    orphans += unused.length
    lost += missing.length
    if (unused.length > 0) problems.push(orphansProblem(app, subdomain, schema, unused))
    if (missing.length > 0) problems.push(lostProblem(app, subdomain, schema, missing))
  }
  return { name: 'pictures', found: `${counted(orphans, 'orphaned file')}, ${lost} missing`, problems }
}

function orphansProblem({ files }: App, subdomain: string, schema: string, strays: string[]): string {
  const example = files.images.locate(`${schema}/${strays[0]!}`)
  return `${subdomain} has ${counted(strays.length, 'orphaned file')}, such as ${example}. You can delete them.`
}

function lostProblem({ files }: App, subdomain: string, schema: string, missing: string[]): string {
  const example = files.images.locate(`${schema}/${missing[0]!}`)
  return `${subdomain} lacks ${counted(missing.length, 'file')}, such as ${example}. Restore them from a backup, or upload the images again.`
}

/** @returns how many archives only SECRET_FALLBACK knows as our own; of encrypted ones that cannot be seen */
export async function countArchivesOfFallback(app: App): Promise<number> {
  let count = 0
  for (const { name, ours, encrypted } of await listArchives(app)) {
    if (!ours || encrypted) continue
    const archive = await requireArchive(app, name).catch(() => undefined)
    if (archive?.signedWith === 'fallback') count++
    await archive?.close()
  }
  return count
}
