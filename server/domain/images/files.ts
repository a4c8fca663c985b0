import { randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { mkdir, readFile, readdir, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Realm } from '#server/database/realms.ts'
import type { App } from '#server/domain/context.ts'
import { isRefusal } from '#server/domain/lib/errors.ts'
import type { ErrorCode } from '#shared/errors.ts'
import { ApiError, notFound, unavailable } from '#shared/errors.ts'
import type { ImageSize, RenderedImage } from './sizes.ts'
import { imageSizes } from './sizes.ts'

/**
 * The files of one image: `<UPLOAD_DIR>/<schema>/<owner>/<name>-<size>.webp`. We create every part of the path. The
 * database row names the current image; a job deletes files that no row names.
 */
export interface ImageFolder {
  folder: string
  log: App['log']
}

/** @param owner a user's id, or `logo` */
export function imageFolder({ config, log }: App, { schema }: Realm, owner: string): ImageFolder {
  return { folder: join(config.uploadDir, schema, owner), log }
}

/**
 * Writes an image under a new name, completely or not at all.
 * @returns the name, for the row
 * @throws ApiError 507 when the disk is full, 503 when it cannot be written
 */
async function storeImage(images: ImageFolder, image: RenderedImage): Promise<string> {
  const { folder, log } = images
  const name = randomUUID()
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    for (const size of imageSizes) await writeWhole(join(folder, fileName(name, size)), image[size])
    return name
  } catch (error) {
    await deleteImage(images, name)
    const { code } = error as NodeJS.ErrnoException
    log.warn({ event: 'image_write_failed', reason: code })
    throw code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG' ? storageFull() : unavailable()
  }
}

/**
 * Stores a picture and has a row name it. Where that is refused, the files are removed again.
 * @param nameIt writes the name into the row
 */
export async function replaceImage<T>(
  images: ImageFolder,
  image: RenderedImage,
  nameIt: (name: string) => Promise<T>,
): Promise<T> {
  const name = await storeImage(images, image)
  try {
    return await nameIt(name)
  } catch (error) {
    if (isRefusal(error)) await deleteImage(images, name)
    throw error
  }
}

/** @throws ApiError 404 when the file does not exist */
export async function readImage({ folder }: ImageFolder, name: string, size: ImageSize): Promise<Buffer> {
  try {
    return await readFile(join(folder, fileName(name, size)), { flag: constants.O_RDONLY | constants.O_NOFOLLOW })
  } catch {
    throw notFound()
  }
}

/** Deletes one image's files; does nothing if there are none. */
async function deleteImage(images: ImageFolder, name: string): Promise<void> {
  for (const size of imageSizes) await remove(images, join(images.folder, fileName(name, size)))
}

/**
 * Deletes the image that a row no longer names, and leftovers of a process that was killed.
 * @param current the image to keep, if any
 */
export async function tidyImages(images: ImageFolder, former: string | null, current: string | null): Promise<void> {
  const { folder } = images
  if (former && former !== current) await deleteImage(images, former)
  for (const file of await readdir(folder).catch(() => [])) {
    if (current && file.startsWith(current)) continue
    const path = join(folder, file)
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Infinity }))
    if (mtimeMs < Date.now() - staleAge) await remove(images, path)
  }
  if (!current) await rmdir(folder).catch(() => {})
}

/** Deletes the owner's folder with all its files. */
export async function deleteImageFolder(images: ImageFolder): Promise<void> {
  await remove(images, images.folder)
}

// The change is already committed, and stays even if a file cannot be deleted.
async function remove({ log }: ImageFolder, path: string): Promise<void> {
  await rm(path, { recursive: true, force: true }).catch(({ code }: NodeJS.ErrnoException) =>
    log.warn({ event: 'image_removal_failed', reason: code }),
  )
}

/** Milliseconds. No upload takes this long, so an older unnamed file is unused. */
export const staleAge = 60 * 60 * 1000

/** Writes a file under its name when it is complete. */
export async function writeWhole(path: string, bytes: Buffer): Promise<void> {
  const draft = `${path}.part`
  try {
    await writeFile(draft, bytes, { flag: 'wx', mode: 0o600, flush: true })
    await rename(draft, path)
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  }
}

/** The file name of an image, in its folder. */
export function fileName(name: string, size: ImageSize): string {
  return `${name}-${size}.webp`
}

function storageFull(): ApiError {
  return new ApiError(507, {
    detail: 'There is no room for the file. Please tell your administrator.',
    code: 'storage_full' satisfies ErrorCode,
  })
}
