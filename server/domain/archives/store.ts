import { basename, dirname } from 'node:path'
import { recordAudit } from '#server/domain/audit/audit.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import { messageOf } from '#server/domain/lib/errors.ts'
import { isPassing } from '#server/domain/operations/errors.ts'
import { createFolder } from '#server/domain/storage/folder.ts'
import type { OpenFile, Storage, StoredFile } from '#server/domain/storage/storage.ts'
import { invalid, notFound } from '#shared/errors.ts'
import type { Archive } from '#shared/answers/operations.ts'
import { openDecrypted } from './encryption/decrypted.ts'
import { factsOfEncrypted } from './encryption/facts.ts'
import type { OpenArchive } from './reader.ts'
import { openArchive } from './reader.ts'

const namePattern = /^[a-z0-9][a-z0-9-]{0,38}[a-z0-9]-\d{8}T\d{6}Z-[0-9a-f]{8}\.tar(?:\.age)?$/

/** @param mark hexadecimal; its first eight digits distinguish archives of the same second */
export function archiveName(subdomain: string, created: Date, mark: string, isEncrypted: boolean): string {
  const time = created.toISOString().replaceAll(/[-:]|\.\d+/g, '')
  return `${subdomain}-${time}-${mark.slice(-8)}.tar${isEncrypted ? '.age' : ''}`
}

/** @throws ApiError 404 if there is no archive of this name, 400 if it is damaged */
export async function requireArchive(app: App, name: string): Promise<OpenArchive> {
  return openArchive(await openDecrypted(app, await openStored(app, name)), app.config.secret)
}

async function openStored({ files }: App, name: string): Promise<OpenFile> {
  const file = namePattern.test(name) ? await files.archives.open(name) : undefined
  if (!file) throw notFound()
  return file
}

/** All archives, newest first. @param tenant only this tenant's */
export async function listArchives(app: App, tenant?: string): Promise<Archive[]> {
  const facts = await readFacts(app)
  return facts
    .filter(archive => tenant === undefined || archive.tenant?.id === tenant)
    .sort((a, b) => (b.created ?? '').localeCompare(a.created ?? '') || a.name.localeCompare(b.name))
}

// An archive never changes. In S3, each look at one takes two requests.
const known = new WeakMap<Storage, Map<string, Archive>>()
/** How many archives are looked at at once. */
const abreast = 16

async function readFacts(app: App): Promise<Archive[]> {
  const { archives } = app.files
  const before = known.get(archives)
  const now = new Map<string, Archive>()
  const files = (await Array.fromAsync(archives.list())).filter(({ path }) => namePattern.test(path))
  for (let at = 0; at < files.length; at += abreast) {
    const some = files.slice(at, at + abreast).map(async file => {
      const version = `${file.path} ${file.size} ${file.modified.getTime()}`
      now.set(version, before?.get(version) ?? (await factsOf(app, file)))
    })
    await Promise.all(some)
  }
  if (archives.isRemote) known.set(archives, now)
  return [...now.values()]
}

/** The texts that a search looks into. */
export function archiveTexts({ name, tenant }: Archive): (string | undefined)[] {
  return [name, tenant?.name, tenant?.subdomain]
}

async function factsOf(app: App, { path: name, size }: StoredFile): Promise<Archive> {
  try {
    if (name.endsWith('.age')) return await factsOfEncrypted(app, name, size)
    const archive = await requireArchive(app, name)
    await archive.close()
    return factsOfReadable(name, archive)
  } catch (error) {
    // The place of all archives is away: this says nothing of one.
    if (isPassing(error)) throw error
    return factsOfUnreadable(name, size, error)
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
    encrypted: false,
    tenant: { id: tenant.id, name: tenant.name, subdomain: tenant.subdomain },
    version: migrations.at(-1)!.split(' ')[0]!,
    people: tables.find(table => table.name === 'users')?.rows ?? 0,
    files: files.count,
  }
}

function factsOfUnreadable(name: string, size: number, error: unknown): Archive {
  return {
    name,
    size,
    created: null,
    tenant: null,
    version: null,
    people: null,
    files: null,
    ours: false,
    encrypted: false,
    problem: messageOf(error),
  }
}

/** Opens an archive's file to send it. @throws ApiError 404 */
export async function readArchiveFile(
  app: App,
  name: string,
): Promise<{ size: number; parts: AsyncGenerator<Buffer> }> {
  const file = await openStored(app, name)
  return { size: file.size, parts: partsOf(file) }
}

const partSize = 1024 * 1024

async function* partsOf(file: OpenFile): AsyncGenerator<Buffer> {
  try {
    for (let at = 0; at < file.size; at += partSize) yield await file.read(at, partSize)
  } finally {
    await file.close()
  }
}

/** Deletes an archive, after recording that: the file cannot be recovered. @throws ApiError 404 */
export async function deleteArchive(app: App, name: string, audit: AuditContext): Promise<void> {
  const { platform } = app.database
  const { archives } = app.files
  if (!namePattern.test(name) || !(await archives.stat(name))) throw notFound()
  await platform.transaction(tx =>
    recordAudit(tx, platform, audit, { action: 'archive.deleted', details: { archive: name } }),
  )
  await archives.remove(name)
}

/** @throws ApiError 400 if there is no such file, or it is no archive */
export async function openArchiveFile(app: App, file: string): Promise<OpenArchive> {
  const opened = await createFolder(dirname(file)).open(basename(file))
  if (!opened) throw invalid({ archive: [`There is no file ${file}.`] })
  return openArchive(await openDecrypted(app, opened), app.config.secret)
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
