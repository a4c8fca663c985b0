import type { SQL } from 'drizzle-orm'
import { sql } from 'drizzle-orm'
import { readTables } from '#server/database/catalog.ts'
import type { CopiedTable } from '#server/database/copy.ts'
import { copyIn } from '#server/database/copy.ts'
import { createSchema } from '#server/database/create-schema.ts'
import type { Migration } from '#server/database/migrations/files.ts'
import { entryOf } from '#server/database/migrations/records.ts'
import { applyMigrations } from '#server/database/migrations/runner.ts'
import type { Db } from '#server/database/realms.ts'
import type { TransactionClient } from '#server/database/slots/transaction.ts'
import type { App } from '#server/domain/context.ts'
import { putImage } from '#server/domain/images/folders.ts'
import { resting } from '#server/domain/lib/pacer.ts'
import type { OperationReport } from '#server/domain/operations/report.ts'
import { invalid } from '#shared/errors.ts'
import type { Manifest } from './format.ts'
import { altered, manifestEntry } from './format.ts'
import type { OpenArchive } from './reader.ts'

/**
 * The migrations of an archive's schema, among those of this program.
 * @throws ApiError 400 when this program does not know one of them, or knows it with another checksum
 */
export function requireKnownVersion({ migrations }: Pick<Manifest, 'migrations'>, known: Migration[]): Migration[] {
  const entries = new Set(known.map(entryOf))
  const unknown = migrations.find(entry => !entries.has(entry))
  if (unknown)
    throw invalid({
      archive: [
        `The archive is of a version that this program does not know: its schema has had ${unknown.split(' ')[0]}.`,
      ],
    })
  return known.filter(migration => migrations.includes(entryOf(migration)))
}

/**
 * Creates a schema with an archive's rows, in the caller's transaction: first at the archive's version, then migrated
 * to the newest. It has no signing key yet.
 * @throws ApiError 400 when the rows differ from the archived ones
 */
export async function fillSchema(
  tx: Db,
  client: TransactionClient,
  schema: string,
  archive: OpenArchive,
  migrations: Migration[],
  report: OperationReport,
): Promise<void> {
  await loadSchema(tx, client, schema, archive, migrations, report)
  await applyMigrations(tx, schema, migrations)
}

/**
 * The same, at the archive's version.
 * @returns the archive's tables, in the order in which they were filled
 */
export async function loadSchema(
  tx: Db,
  client: TransactionClient,
  schema: string,
  archive: OpenArchive,
  migrations: Migration[],
  report: OperationReport,
): Promise<ArchivedTable[]> {
  await createSchemaAt(tx, schema, requireKnownVersion(archive.manifest, migrations))
  const tables = requireFittingTables(archive.manifest, await readTables(tx, schema))
  await tx.execute(sql`set local datestyle to 'ISO, YMD'`)
  report.begin('Writing rows', countRows(tables))
  for (const table of tables) await fillTable(tx, client, schema, archive, table, report)
  return tables
}

type ArchivedTable = Manifest['tables'][number]

/** @returns the archive's tables, in the order of the schema's. @throws ApiError 400 where one does not fit */
function requireFittingTables(manifest: Manifest, tables: CopiedTable[]): ArchivedTable[] {
  const inOrder = tables.flatMap(table => manifest.tables.find(stored => stored.name === table.name) ?? [])
  const fits =
    inOrder.length === manifest.tables.length &&
    inOrder.every(stored =>
      stored.columns.every(column => tables.find(table => table.name === stored.name)!.columns.includes(column)),
    )
  if (!fits) throw altered(manifestEntry)
  return inOrder
}

function countRows(tables: ArchivedTable[]): number {
  return tables.reduce((total, { rows }) => total + rows, 0)
}

async function fillTable(
  tx: Db,
  client: TransactionClient,
  schema: string,
  archive: OpenArchive,
  stored: ArchivedTable,
  report: OperationReport,
): Promise<void> {
  const table = await clearTable(tx, schema, stored.name)
  await copyIn(client, schema, stored, resting(archive.rows(stored), report.rest))
  if ((await tx.$count(table)) !== stored.rows) throw altered(stored.name)
  report.advance(stored.rows)
}

/**
 * Deletes what the migrations have put into a table, as the copy has it too.
 * @returns the table, for a query
 */
export async function clearTable(tx: Db, schema: string, name: string): Promise<SQL> {
  const table = sql`${sql.identifier(schema)}.${sql.identifier(name)}`
  // An empty table may refuse even a statement that deletes nothing.
  if ((await tx.$count(table)) > 0) await tx.execute(sql`delete from ${table}`)
  return table
}

/**
 * Invalidates the links of open invitations: whoever made the archive may know them, and the invited people were
 * invited to another organisation. An invitation that is sent again works.
 */
export async function invalidateInvitationLinks(tx: Db, schema: string): Promise<void> {
  await tx.execute(
    // No token has this hash.
    sql`update ${sql.identifier(schema)}.invitations set token_hash = 'invalid ' || id::text`,
  )
}

/** Creates an empty schema at a given version, in the caller's transaction. */
export async function createSchemaAt(tx: Db, schema: string, migrations: Migration[]): Promise<void> {
  await createSchema(tx, schema)
  await applyMigrations(tx, schema, migrations)
}

/** Writes an archive's images. @param added receives the paths of files that did not exist before */
export async function putImages(
  app: App,
  schema: string,
  archive: OpenArchive,
  report: OperationReport,
  added: string[],
): Promise<void> {
  report.begin('Writing images', archive.manifest.files.count)
  for await (const { file, bytes } of archive.files()) {
    if (await putImage(app, schema, file.path, bytes)) added.push(file.path)
    report.advance()
    await report.rest()
  }
}
