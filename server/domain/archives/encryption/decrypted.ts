import { randomUUID } from 'node:crypto'
import { mkdir, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { App } from '#server/domain/context.ts'
import { openHandle } from '#server/domain/storage/folder.ts'
import type { OpenFile } from '#server/domain/storage/storage.ts'
import { invalid } from '#shared/errors.ts'
import { decryptInto, isEncrypted } from './age.ts'

/**
 * Opens what is in a file: itself, or what it is the encryption of. That is written to a file without a name, which is
 * gone when it is closed or the process ends. Takes over the given file.
 * @throws ApiError 400 if there is no key, or it does not fit, or the file was altered or cut off
 */
export async function openDecrypted(app: App, file: OpenFile): Promise<OpenFile> {
  if (!(await isEncrypted(file))) return file
  try {
    if (!app.archiveKey) throw needsKey()
    return await decryptOne(app, file)
  } finally {
    await file.close()
  }
}

async function decryptOne({ config, archiveKey }: App, file: OpenFile): Promise<OpenFile> {
  await mkdir(config.archiveDir, { recursive: true, mode: 0o700 })
  const path = join(config.archiveDir, `.decrypted-${randomUUID()}`)
  const handle = await open(path, 'wx+', 0o600)
  try {
    await rm(path)
    await decryptInto(file, archiveKey!, handle)
    return await openHandle(handle)
  } catch (error) {
    await handle.close()
    throw error
  }
}

function needsKey() {
  return invalid({
    archive: ['The archive is encrypted. Use the command line, with --identity-file or --passphrase-stdin.'],
  })
}
