import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { readTables } from '#server/database/catalog.ts'
import type { CopiedTable } from '#server/database/copy.ts'
import { inLongTransaction } from '#server/database/long-transaction.ts'
import type { Db } from '#server/database/realms.ts'
import type { App } from '#server/domain/context.ts'
import { imagePath, namedImages } from '#server/domain/images/folders.ts'
import { imageSizes } from '#server/domain/images/sizes.ts'
import type { OperationReport } from '#server/domain/operations/report.ts'
import type { TenantRow } from '#server/domain/tenants/tenants.ts'
import { unavailable } from '#shared/errors.ts'
import type { Manifest } from './format.ts'
import { leftOut } from './format.ts'
import type { SnapshotWork } from './snapshot-tables.ts'
import { takeTables } from './snapshot-tables.ts'

export interface Snapshot {
  created: Date
  migrations: string[]
  /** The tables, whose rows are in the folder as `<name>.copy.gz`. */
  tables: Manifest['tables']
  /** Paths of the images, which are in the folder under `spooledImage(path)`. */
  images: string[]
  missing: number
}

const attempts = 3

/**
 * Writes all rows of a tenant, and the images that they name, into a folder. All of them are of one moment; people can
 * go on working.
 */
export async function takeSnapshot(
  app: App,
  tenant: TenantRow,
  folder: string,
  report: OperationReport,
): Promise<Snapshot> {
  for (let attempt = 1; ; attempt++) {
    const snapshot = await inLongTransaction(app, tenant.schema, (tx, client) =>
      trySnapshot(app, { tx, client, schema: tenant.schema, folder, report }, attempt === attempts),
    )
    if (snapshot) return snapshot
  }
}

/** @returns undefined where a picture is missing, unless this is the last attempt */
async function trySnapshot(app: App, work: SnapshotWork, isLast: boolean): Promise<Snapshot | undefined> {
  const { tx, schema } = work
  const tables = await beginSnapshot(app, tx, schema)
  const created = new Date()
  const { images, missing } = await takeImages(app, work)
  // One was replaced since the moment that the snapshot is of: a later moment, then. Lost ones stay missing.
  if (missing > 0 && !isLast) return undefined
  const migrations = await readMigrations(tx, schema)
  return { created, images, missing, migrations, tables: await takeTables(work, tables) }
}

// LOCK takes no snapshot: the first query after it does, so no migration can run in between.
async function beginSnapshot(app: App, tx: Db, schema: string): Promise<CopiedTable[]> {
  const known = await readTables(app.database.tenant(schema).db, schema)
  if (known.length === 0) throw new Error(`There is no schema ${schema}.`)
  await tx.execute(sql`set transaction isolation level repeatable read, read only`)
  await tx.execute(
    sql`lock table ${sql.join(
      known.map(({ name }) => sql`${sql.identifier(schema)}.${sql.identifier(name)}`),
      sql`, `,
    )} in access share mode`,
  )
  await tx.execute(sql`set local datestyle to 'ISO, YMD'`)
  const tables = await readTables(tx, schema)
  if (JSON.stringify(tables) !== JSON.stringify(known)) throw unavailable()
  return tables.filter(({ name }) => !leftOut.has(name))
}

async function readMigrations(tx: Db, schema: string): Promise<string[]> {
  const rows = await tx.execute<{ applied: string[] }>(
    sql`select to_json(applied) as applied from platform.schema_versions where schema = ${schema}`,
  )
  if (!rows[0]) throw new Error(`Nothing says at which version ${schema} is.`)
  return rows[0].applied
}

async function takeImages(app: App, { tx, schema, folder, report }: SnapshotWork) {
  const wanted = await namedImages(app, tx, schema)
  report.begin('Copying images', wanted.length)
  const images: string[] = []
  for (const { owner, name } of wanted) {
    for (const size of imageSizes) {
      const path = imagePath(owner, name, size)
      if (await app.files.images.fetchTo(`${schema}/${path}`, join(folder, spooledImage(path)))) images.push(path)
    }
    report.advance()
    await report.rest()
  }
  return { images: images.sort(), missing: wanted.length * imageSizes.length - images.length }
}

/** The path of an image in the folder of a snapshot. */
export function spooledImage(path: string): string {
  return path.replace('/', '_')
}
