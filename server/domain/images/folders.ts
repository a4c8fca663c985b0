import { existsSync } from 'node:fs'
import { mkdir, readdir, rm, rmdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { eq, isNotNull } from 'drizzle-orm'
import { readTables } from '#server/database/catalog.ts'
import type { Db } from '#server/database/realms.ts'
import type { App } from '#server/domain/context.ts'
import { fileName, staleAge, writeWhole } from './files.ts'
import type { ImageSize } from './sizes.ts'
import { imageSizes } from './sizes.ts'

/** All images of a tenant together, for archives and for deleting unused files. */

/** The path of an image's file, under its schema's folder. */
export function imagePath(owner: string, name: string, size: ImageSize): string {
  return `${owner}/${fileName(name, size)}`
}

/** @param path from `imagePath` */
export function imageFile({ config }: App, schema: string, path: string): string {
  return join(config.uploadDir, schema, path)
}

/** The images that a tenant's rows name. */
export async function namedImages(app: App, db: Db, schema: string): Promise<{ owner: string; name: string }[]> {
  const { users, settings } = app.database.tenant(schema).tables
  // The table of an older schema may have no column for a logo.
  const hasLogo = (await readTables(db, schema)).some(
    ({ name, columns }) => name === 'settings' && columns.includes('logo'),
  )
  const photos = await db.select({ owner: users.id, name: users.photo }).from(users).where(isNotNull(users.photo))
  const logos = hasLogo ? await db.select({ name: settings.logo }).from(settings).where(eq(settings.id, true)) : []
  return [...photos, ...logos.map(({ name }) => ({ owner: 'logo', name }))].flatMap(({ owner, name }) =>
    name === null ? [] : [{ owner, name }],
  )
}

/**
 * Writes a file. Writing it again gives the same result, also after an interrupted attempt.
 * @returns whether it is new
 */
export async function putImage(app: App, schema: string, path: string, bytes: Buffer): Promise<boolean> {
  const file = imageFile(app, schema, path)
  const isNew = !existsSync(file)
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  await rm(`${file}.part`, { force: true })
  await writeWhole(file, bytes)
  return isNew
}

/** Paths of files that no row names and that are older than any upload in progress. */
export async function findUnusedImages(app: App, schema: string, olderThan: Date): Promise<string[]> {
  const named = await namedPaths(app, schema)
  const folder = join(app.config.uploadDir, schema)
  const files = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  const strays: string[] = []
  for (const file of files.filter(file => !file.isDirectory())) {
    const path = join(file.parentPath, file.name).slice(folder.length + 1)
    if (named.has(path)) continue
    const { mtimeMs } = await stat(imageFile(app, schema, path)).catch(() => ({ mtimeMs: Infinity }))
    if (mtimeMs < olderThan.getTime()) strays.push(path)
  }
  return strays
}

async function namedPaths(app: App, schema: string): Promise<Set<string>> {
  const images = await namedImages(app, app.database.tenant(schema).db, schema)
  return new Set(images.flatMap(({ owner, name }) => imageSizes.map(size => imagePath(owner, name, size))))
}

/** Deletes files that no row names, for example of an interrupted upload. @returns how many */
export async function deleteUnusedImages(app: App, schema: string): Promise<number> {
  const strays = await findUnusedImages(app, schema, new Date(Date.now() - staleAge))
  for (const path of strays) {
    const file = imageFile(app, schema, path)
    await rm(file, { force: true })
    // Succeeds only if the folder is empty.
    await rmdir(dirname(file)).catch(() => {})
  }
  return strays.length
}

/** Deletes all images of a schema that was purged or was never created. */
export async function deleteImages({ config }: App, schema: string): Promise<void> {
  await rm(join(config.uploadDir, schema), { recursive: true, force: true })
}
