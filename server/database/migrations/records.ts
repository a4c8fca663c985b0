import { sql } from 'drizzle-orm'
import type { Db } from '#server/database/realms.ts'
import { MigrationError } from './error.ts'
import type { Migration } from './files.ts'
import { targetVersion } from './files.ts'

/** What has been done to a schema. */
export interface SchemaRecord {
  /** `name checksum` of each migration that it has had. */
  applied: string[]
  /** The migrations that a program must know to work with it. */
  needed: string[]
}

/** Notes in the transaction of migrations that a schema has had them. */
export async function writeRecord(tx: Db, schema: string, migrations: Migration[]): Promise<void> {
  const before = (await readRecord(tx, schema)) ?? { applied: [], needed: [] }
  const applied = JSON.stringify([...before.applied, ...migrations.map(entryOf)])
  const needed = JSON.stringify([...new Set([...before.needed, ...migrations.flatMap(({ needs }) => needs ?? [])])])
  await tx.execute(sql`
    insert into platform.schema_versions (schema, applied, needed, version, state, error, updated)
    values (${schema}, array(select json_array_elements_text(${applied}::text::json)),
      array(select json_array_elements_text(${needed}::text::json)), ${targetVersion(migrations)}, 'migrated', null, now())
    on conflict (schema) do update set applied = excluded.applied, needed = excluded.needed, version = excluded.version,
      state = 'migrated', error = null, updated = now()`)
}

/**
 * Compares names and checksums, not only the latest version: a migration that was merged late from another branch is
 * applied, and an edited one is rejected. One that this program does not know is of a newer program, and is accepted
 * unless it breaks this one.
 */
export function pendingMigrations(
  schema: string,
  { applied, needed = [] }: Pick<SchemaRecord, 'applied'> & Partial<SchemaRecord>,
  migrations: Migration[],
): Migration[] {
  const known = new Map(migrations.map(migration => [migration.name, migration.checksum]))
  for (const entry of applied) {
    const [name = '', checksum] = entry.split(' ')
    if (known.has(name) && known.get(name) !== checksum)
      throw new MigrationError(`${name} was edited after it had been applied to ${schema}.`)
  }
  for (const name of needed) if (!known.has(name)) throw new MigrationError(olderThan(schema, name))
  const done = new Set(applied)
  return migrations.filter(migration => !done.has(entryOf(migration)))
}

/** The text of the error of a program that a migration breaks. */
export function olderThan(what: string, name: string): string {
  return `${what} has had a migration that needs ${name}, which this program does not know: it is older than the database allows.`
}

/** @returns undefined where the platform has no record yet */
export async function readRecord(db: Db, schema: string): Promise<SchemaRecord | undefined> {
  const exists = await db.execute<{ found: boolean }>(
    sql`select to_regclass('platform.schema_versions') is not null as found`,
  )
  if (!exists[0]!.found) return undefined
  // The whole row, as `needed` is missing until its migration has run.
  const rows = await db.execute<{ record: Partial<SchemaRecord> }>(
    sql`select to_json(v) as record from platform.schema_versions v where schema = ${schema}`,
  )
  return { applied: rows[0]?.record.applied ?? [], needed: rows[0]?.record.needed ?? [] }
}

/** The entry of a migration in a schema's record. */
export function entryOf(migration: Migration): string {
  return `${migration.name} ${migration.checksum}`
}
