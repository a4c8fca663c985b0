import { sql } from 'drizzle-orm'
import type { App } from '#server/domain/context.ts'
import { deleteImages } from '#server/domain/images/folders.ts'
import { dropSchema } from '#server/domain/tenants/purge.ts'

/** Leftovers of tenants that no longer exist: names of schemas and of image folders. A folder has its schema's name. */
export interface Orphans {
  schemas: string[]
  folders: string[]
}

/** Deletes schemas and files that belong to no tenant. @returns what was deleted */
export async function deleteOrphans(app: App): Promise<Orphans> {
  const orphans = { schemas: await findOrphanSchemas(app), folders: await findOrphanFolders(app) }
  for (const schema of orphans.schemas) await dropSchema(app, schema)
  for (const folder of orphans.folders) await deleteImages(app, folder)
  return orphans
}

async function findOrphanSchemas({ database: { platform } }: App): Promise<string[]> {
  const rows = await platform.db.execute<{ name: string }>(sql`
    select nspname::text as name from pg_namespace
    where nspname ~ '^t_' and nspname not in (select schema from platform.tenants union all select schema from platform.spare_schemas) order by 1`)
  return rows.map(({ name }) => name)
}

export async function findOrphanFolders({
  files,
  database: {
    platform: { db },
  },
}: App): Promise<string[]> {
  // Read before the tenants: a tenant that is created meanwhile has its row before its first image.
  const folders = (await files.images.folders()).filter(name => /^t_/.test(name))
  // The images of an archive exist before the tenant that it is restored as.
  const rows = await db.execute<{ schema: string }>(sql`
    select schema from platform.tenants union all select schema from platform.spare_schemas
    union all select input->'place'->>'schema' from platform.operations where state in ('queued', 'running')`)
  const known = new Set(rows.map(({ schema }) => schema))
  return folders.filter(name => !known.has(name))
}
