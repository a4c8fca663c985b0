import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { App } from '#server/domain/context.ts'
import type { OperationRow } from './operations.ts'

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
