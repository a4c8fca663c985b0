import { createHash } from 'node:crypto'
import type { ReadStream } from 'node:fs'
import { constants } from 'node:fs'
import { copyFile, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { recordAudit } from '#server/domain/audit/audit.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import { messageOf } from '#server/domain/lib/errors.ts'
import type { OperationRow } from '#server/domain/operations/operations.ts'
import { invalid, notFound } from '#shared/errors.ts'
import type { Archive } from '#shared/answers/operations.ts'
import type { Manifest } from './format.ts'
import type { OpenArchive } from './reader.ts'
import { openArchive } from './reader.ts'

const namePattern = /^[a-z0-9][a-z0-9-]{0,38}[a-z0-9]-\d{8}T\d{6}Z-[0-9a-f]{8}\.tar$/

/** @param mark hexadecimal; its first eight digits distinguish archives of the same second */
export function archiveName(subdomain: string, created: Date, mark: string): string {
  return `${subdomain}-${created.toISOString().replaceAll(/[-:]|\.\d+/g, '')}-${mark.slice(-8)}.tar`
}

/** @throws ApiError 404 for a name that is not valid */
export function archivePath({ config }: App, name: string): string {
  if (!namePattern.test(name)) throw notFound()
  return join(config.archiveDir, name)
}

/** @throws ApiError 404 if there is no archive of this name, 400 if it is damaged */
export async function requireArchive(app: App, name: string): Promise<OpenArchive> {
  return openArchive(archivePath(app, name), app.config.secret).catch((error: unknown) => {
    throw (error as NodeJS.ErrnoException).code === 'ENOENT' ? notFound() : error
  })
}

/** All archives, newest first. @param tenant only this tenant's */
export async function listArchives(app: App, tenant?: string): Promise<Archive[]> {
  const names = (await readdir(app.config.archiveDir).catch(() => [])).filter(name => namePattern.test(name))
  const facts: Archive[] = []
  for (const name of names) facts.push(await factsOf(app, name))
  return facts
    .filter(archive => tenant === undefined || archive.tenant?.id === tenant)
    .sort((a, b) => (b.created ?? '').localeCompare(a.created ?? '') || a.name.localeCompare(b.name))
}

/** The texts that a search looks into. */
export function archiveTexts({ name, tenant }: Archive): (string | undefined)[] {
  return [name, tenant?.name, tenant?.subdomain]
}

async function factsOf(app: App, name: string): Promise<Archive> {
  try {
    const archive = await requireArchive(app, name)
    await archive.close()
    return factsOfReadable(name, archive)
  } catch (error) {
    return factsOfUnreadable(app, name, error)
  }
}

function factsOfReadable(name: string, { manifest, ours, size }: OpenArchive): Archive {
  const { tenant, created, migrations, tables, files } = manifest
  return {
    name,
    created,
    ours,
    size,
    problem: null,
    tenant: { id: tenant.id, name: tenant.name, subdomain: tenant.subdomain },
    version: migrations.at(-1)!.split(' ')[0]!,
    people: tables.find(table => table.name === 'users')?.rows ?? 0,
    files: files.count,
  }
}

async function factsOfUnreadable(app: App, name: string, error: unknown): Promise<Archive> {
  const { size } = await stat(archivePath(app, name)).catch(() => ({ size: 0 }))
  return {
    name,
    size,
    created: null,
    tenant: null,
    version: null,
    people: null,
    files: null,
    ours: false,
    problem: messageOf(error),
  }
}

/** Opens an archive's file to send it. @throws ApiError 404 */
export async function readArchiveFile(app: App, name: string): Promise<{ size: number; stream: ReadStream }> {
  const handle = await open(archivePath(app, name), constants.O_RDONLY | constants.O_NOFOLLOW).catch(
    (error: NodeJS.ErrnoException) => {
      throw error.code === 'ENOENT' || error.code === 'ELOOP' ? notFound() : error
    },
  )
  const { size } = await handle.stat()
  return { size, stream: handle.createReadStream({ highWaterMark: 1024 * 1024 }) }
}

/** Deletes an archive, after recording that: the file cannot be recovered. @throws ApiError 404 */
export async function deleteArchive(app: App, name: string, audit: AuditContext): Promise<void> {
  const path = archivePath(app, name)
  const { platform } = app.database
  if (!(await stat(path).catch(() => undefined))) throw notFound()
  await platform.transaction(tx =>
    recordAudit(tx, platform, audit, { action: 'archive.deleted', details: { archive: name } }),
  )
  await rm(path, { force: true })
}

/**
 * Adds a file to the archives, completely or not at all. Adding it again gives the same result.
 * @param foreign whether an archive of another installation is accepted
 * @returns its name there
 * @throws ApiError 400 when it is damaged, or of another installation and not accepted
 */
export async function adoptArchive(app: App, file: string, foreign: boolean): Promise<string> {
  const archive = await openArchive(file, app.config.secret).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' ? invalid({ archive: [`There is no file ${file}.`] }) : error
  })
  try {
    requireWelcome(archive, foreign)
    await archive.verify(() => {})
  } finally {
    await archive.close()
  }
  const name = adoptedName(archive.manifest)
  await copyAmong(app, file, name)
  return name
}

function adoptedName(manifest: Manifest): string {
  const { subdomain } = manifest.tenant
  const label = /^[a-z0-9][a-z0-9-]{0,38}[a-z0-9]$/.test(subdomain) ? subdomain : 'archive'
  const mark = createHash('sha256').update(JSON.stringify(manifest)).digest('hex')
  return archiveName(label, new Date(manifest.created), mark)
}

async function copyAmong(app: App, file: string, name: string): Promise<void> {
  await mkdir(app.config.archiveDir, { recursive: true, mode: 0o700 })
  const draft = join(app.config.archiveDir, `.${name}.${process.pid}`)
  try {
    await copyFile(file, draft)
    await settle(draft, archivePath(app, name))
  } finally {
    await rm(draft, { force: true })
  }
}

/** @throws ApiError 400 for an archive of another installation that was not explicitly accepted */
export function requireWelcome(archive: OpenArchive, foreign: boolean): void {
  if (!archive.ours && !foreign)
    throw invalid({
      archive: [
        'The archive was made with another SECRET, by another installation perhaps. It is accepted only if you say so.',
      ],
    })
}

/** Renames a complete file to its final name, readable by its owner only. */
export async function settle(draft: string, path: string): Promise<void> {
  const handle = await open(draft, 'r+')
  await handle.chmod(0o600)
  await handle.sync()
  await handle.close()
  await rename(draft, path)
}

/**
 * Creates a temporary folder for an operation, and deletes those of earlier attempts. An attempt that is still running
 * finds its own folder gone, and cannot touch this one.
 */
export async function openWorkFolder({ config }: App, { id, attempts }: OperationRow): Promise<string> {
  const prefix = `${workPrefix}${id}`
  for (const name of await readdir(config.archiveDir).catch(() => [])) {
    if (name.startsWith(prefix)) await rm(join(config.archiveDir, name), { recursive: true, force: true })
  }
  const folder = join(config.archiveDir, `${prefix}-${attempts}`)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  return folder
}

/** The prefix of the folder's name, before the operation's id. */
export const workPrefix = '.work-'
