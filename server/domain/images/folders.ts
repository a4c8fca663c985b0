import { eq, isNotNull } from 'drizzle-orm'
import { readTables } from '#server/database/catalog.ts'
import type { Db } from '#server/database/realms.ts'
import { requireSchemaName } from '#server/database/schema-names.ts'
import type { App } from '#server/domain/context.ts'
import { fileName, staleAge } from './files.ts'
import type { ImageSize } from './sizes.ts'
import { imageSizes } from './sizes.ts'

/** All images of a tenant together, for archives and for deleting unused files. */

/** The path of an image's file, under its schema's folder. */
export function imagePath(owner: string, name: string, size: ImageSize): string {
  return `${owner}/${fileName(name, size)}`
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
  const { images } = app.files
  const isNew = !(await images.stat(`${schema}/${path}`))
  await images.put(`${schema}/${path}`, bytes)
  return isNew
}

/** Paths of files that no row names and that are older than any upload in progress. */
export async function findUnusedImages(app: App, schema: string, olderThan: Date): Promise<string[]> {
  return (await compareImages(app, schema, olderThan)).unused
}

/**
 * Compares the files of a tenant with its rows, by their paths.
 * @returns what `findUnusedImages` finds, and the files that rows name but that do not exist
 */
export async function compareImages(
  app: App,
  schema: string,
  olderThan: Date,
): Promise<{ unused: string[]; missing: string[] }> {
  const named = await namedPaths(app, schema)
  const present = new Set<string>()
  const unused: string[] = []
  for await (const { path, modified } of app.files.images.list(schema)) {
    const inSchema = path.slice(schema.length + 1)
    present.add(inSchema)
    if (!named.has(inSchema) && modified < olderThan) unused.push(inSchema)
  }
  const absent = [...named].filter(path => !present.has(path))
  // Perhaps another image has replaced it meanwhile.
  const stillNamed = absent.length > 0 ? await namedPaths(app, schema) : named
  return { unused, missing: absent.filter(path => stillNamed.has(path)) }
}

async function namedPaths(app: App, schema: string): Promise<Set<string>> {
  const images = await namedImages(app, app.database.tenant(schema).db, schema)
  return new Set(images.flatMap(({ owner, name }) => imageSizes.map(size => imagePath(owner, name, size))))
}

/** Deletes files that no row names, for example of an interrupted upload. @returns how many */
export async function deleteUnusedImages(app: App, schema: string): Promise<number> {
  const strays = await findUnusedImages(app, schema, new Date(Date.now() - staleAge))
  for (const path of strays) await deleteImageFile(app, schema, path)
  return strays.length
}

/** @param path from `imagePath` */
export async function deleteImageFile({ files }: App, schema: string, path: string): Promise<void> {
  await files.images.remove(`${schema}/${path}`)
}

/** Deletes all images of a schema that was purged or was never created. */
export async function deleteImages({ files }: App, schema: string): Promise<void> {
  await files.images.removeFolder(requireSchemaName(schema))
}
