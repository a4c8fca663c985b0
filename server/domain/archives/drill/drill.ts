import { sql } from 'drizzle-orm'
import { readTables } from '#server/database/catalog.ts'
import { copyOut } from '#server/database/copy.ts'
import { inLongTransaction } from '#server/database/long-transaction.ts'
import type { Migration } from '#server/database/migrations/files.ts'
import { applyMigrations } from '#server/database/migrations/runner.ts'
import { newSchemaName } from '#server/database/schema-names.ts'
import type { App } from '#server/domain/context.ts'
import type { OperationReport } from '#server/domain/operations/report.ts'
import type { TenantRow } from '#server/domain/tenants/tenants.ts'
import { digestOf } from './digest.ts'
import type { LiveDifferences } from './live.ts'
import { compareWithLive } from './live.ts'
import type { Manifest } from '#server/domain/archives/format.ts'
import { loadSchema } from '#server/domain/archives/load.ts'
import type { OpenArchive } from '#server/domain/archives/reader.ts'

export interface Drill {
  tables: TableDrill[]
  images: number
  /** Images that rows named and that did not exist when the archive was made. */
  missing: number
  /** Whether the restored rows are the archived ones, in every table. */
  passed: boolean
}

interface TableDrill {
  name: string
  rows: number
  /** Whether the restored rows have the checksum of the archived ones. */
  matches: boolean
  /** What has become different in the organisation. */
  live?: LiveDifferences
}

/**
 * Restores an archive into a schema that nobody else ever sees: the transaction that creates it is rolled back. So
 * nothing is left to delete, even if the process is killed. The restored rows are compared with the archived ones, and
 * then, migrated, with those of a living tenant.
 * @param tenant to compare with, if any
 * @throws ApiError 400 when the archive is damaged or of an unknown version
 */
export async function drillArchive(
  app: App,
  archive: OpenArchive,
  migrations: Migration[],
  report: OperationReport,
  tenant?: TenantRow,
): Promise<Drill> {
  await archive.verify(() => report.rest())
  const rolledBack = new Error('Rolled back.')
  let tables: TableDrill[] = []
  await inLongTransaction(app, 'platform', async (tx, client) => {
    const schema = newSchemaName('drill')
    const stored = await loadSchema(tx, client, schema, archive, migrations, report)
    // A scan begins at the first row, so rows come in the order in which they were written.
    await tx.execute(sql`set local synchronize_seqscans to off`)
    report.begin('Comparing tables', stored.length)
    for (const table of stored) {
      const matches = (await digestOf(archive.rows(table))) === (await digestOf(copyOut(client, schema, table)))
      tables.push({ name: table.name, rows: table.rows, matches })
      report.advance()
    }
    if (tenant) {
      await applyMigrations(tx, schema, migrations)
      const names = namesOf(archive.manifest, await readTables(tx, schema))
      const live = await compareWithLive(app, { client, schema }, tenant, names, archive.manifest, report)
      tables = tables.map(table => ({ ...table, live: live.get(table.name) }))
    }
    throw rolledBack
  }).catch((error: unknown) => {
    if (error !== rolledBack) throw error
  })
  const { count, missing } = archive.manifest.files
  return { tables, images: count, missing, passed: tables.every(({ matches }) => matches) }
}

function namesOf({ tables }: Manifest, present: { name: string; columns: string[] }[]) {
  return present.filter(({ name }) => tables.some(table => table.name === name))
}
