import { createHash } from 'node:crypto'
import { copyFile, mkdir, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { App } from '#server/domain/context.ts'
import { createFolder } from '#server/domain/storage/folder.ts'
import { isEncrypted } from './encryption/age.ts'
import type { Manifest } from './format.ts'
import { archiveName, openArchiveFile, requireWelcome } from './store.ts'

/**
 * Adds a file to the archives, completely or not at all. Adding it again gives the same result.
 * @param foreign whether an archive of another installation is accepted
 * @returns its name there
 * @throws ApiError 400 when it is damaged, or of another installation and not accepted
 */
export async function adoptArchive(app: App, file: string, foreign: boolean): Promise<string> {
  const archive = await openArchiveFile(app, file)
  try {
    requireWelcome(archive, foreign)
    await archive.verify(() => {})
  } finally {
    await archive.close()
  }
  const name = adoptedName(archive.manifest, await isEncryptedFile(file))
  await copyAmong(app, file, name)
  return name
}

async function isEncryptedFile(file: string): Promise<boolean> {
  const opened = (await createFolder(dirname(file)).open(basename(file)))!
  try {
    return await isEncrypted(opened)
  } finally {
    await opened.close()
  }
}

function adoptedName(manifest: Manifest, encrypted: boolean): string {
  const { subdomain } = manifest.tenant
  const label = /^[a-z0-9][a-z0-9-]{0,38}[a-z0-9]$/.test(subdomain) ? subdomain : 'archive'
  const mark = createHash('sha256').update(JSON.stringify(manifest)).digest('hex')
  return archiveName(label, new Date(manifest.created), mark, encrypted)
}

async function copyAmong(app: App, file: string, name: string): Promise<void> {
  await mkdir(app.config.archiveDir, { recursive: true, mode: 0o700 })
  const draft = join(app.config.archiveDir, `.${name}.${process.pid}`)
  try {
    await copyFile(file, draft)
    await app.files.archives.putFile(name, draft)
  } finally {
    await rm(draft, { force: true })
  }
}
