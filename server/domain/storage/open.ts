import type { Config } from '#server/config.ts'
import type { S3Settings } from '#server/config/s3.ts'
import { createFolder } from './folder.ts'
import type { Files } from './storage.ts'

/** The folders, or the bucket if the settings name one. */
export async function openFiles(config: Config): Promise<Files> {
  return config.s3 ? openBucket(config.s3) : openFolders(config)
}

export function openFolders({ uploadDir, archiveDir }: Pick<Config, 'uploadDir' | 'archiveDir'>): Files {
  return { images: createFolder(uploadDir), archives: createFolder(archiveDir) }
}

/** Loaded only where it is needed. */
export async function openBucket(settings: S3Settings): Promise<Files> {
  const { createBucket } = await import('./bucket.ts')
  return { images: createBucket(settings, 'images/'), archives: createBucket(settings, 'archives/') }
}
