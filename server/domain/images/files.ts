import { randomUUID } from 'node:crypto'
import { reasonOf } from '#server/database/errors.ts'
import type { Realm } from '#server/database/realms.ts'
import type { App } from '#server/domain/context.ts'
import { isRefusal } from '#server/domain/lib/errors.ts'
import type { Storage } from '#server/domain/storage/storage.ts'
import type { ErrorCode } from '#shared/errors.ts'
import { ApiError, notFound, unavailable } from '#shared/errors.ts'
import type { ImageSize, RenderedImage } from './sizes.ts'
import { imageSizes } from './sizes.ts'

/**
 * The files of one image: `<schema>/<owner>/<name>-<size>.webp`. We create every part of the path. The database row
 * names the current image; a job deletes files that no row names.
 */
export interface ImageFolder {
  files: Storage
  folder: string
  log: App['log']
}

/** @param owner a user's id, or `logo` */
export function imageFolder({ files, log }: App, { schema }: Realm, owner: string): ImageFolder {
  return { files: files.images, folder: `${schema}/${owner}`, log }
}

/**
 * Writes an image under a new name, completely or not at all.
 * @returns the name, for the row
 * @throws ApiError 507 when the disk is full, 503 when it cannot be written
 */
async function storeImage(images: ImageFolder, image: RenderedImage): Promise<string> {
  const { files, folder, log } = images
  const name = randomUUID()
  try {
    for (const size of imageSizes) await files.put(`${folder}/${fileName(name, size)}`, image[size])
    return name
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    log.warn({ event: 'image_write_failed', reason: code ?? reasonOf(error) })
    // A remote place that just failed would keep the caller waiting again: the clean-up looks there.
    if (!files.isRemote) await warned(images, () => deleteImage(images, name))
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
    if (isRefusal(error)) await warned(images, () => deleteImage(images, name))
    throw error
  }
}

/** @throws ApiError 404 when the file does not exist, 503 when it cannot be read */
export async function readImage({ files, folder }: ImageFolder, name: string, size: ImageSize): Promise<Buffer> {
  const image = await files.read(`${folder}/${fileName(name, size)}`).catch((error: unknown) => {
    throw unavailable(error)
  })
  if (!image) throw notFound()
  return image
}

/** Deletes one image's files; does nothing if there are none. */
async function deleteImage({ files, folder }: ImageFolder, name: string): Promise<void> {
  for (const size of imageSizes) await files.remove(`${folder}/${fileName(name, size)}`)
}

/**
 * Deletes the image that a row no longer names, and leftovers of a process that was killed.
 * @param current the image to keep, if any
 */
export async function tidyImages(images: ImageFolder, former: string | null, current: string | null): Promise<void> {
  const { files, folder } = images
  await warned(images, async () => {
    if (former && former !== current) await deleteImage(images, former)
    for await (const { path, modified } of files.list(folder)) {
      if (current && path.startsWith(`${folder}/${current}`)) continue
      if (modified.getTime() < Date.now() - staleAge) await files.remove(path)
    }
  })
}

/** Deletes the owner's folder with all its files. */
export async function deleteImageFolder(images: ImageFolder): Promise<void> {
  await warned(images, () => images.files.removeFolder(images.folder))
}

// The change is already committed, and stays even if a file cannot be deleted.
async function warned({ log }: ImageFolder, work: () => Promise<void>): Promise<void> {
  await work().catch((error: NodeJS.ErrnoException) =>
    log.warn({ event: 'image_removal_failed', reason: error.code ?? reasonOf(error) }),
  )
}

/** Milliseconds. No upload takes this long, so an older unnamed file is unused. */
export const staleAge = 60 * 60 * 1000

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
