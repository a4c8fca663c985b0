import { sql } from 'drizzle-orm'
import { createSchema } from '#server/database/create-schema.ts'
import type { Database, Db } from '#server/database/realms.ts'
import { requireSchemaName } from '#server/database/schema-names.ts'
import type { Migration } from './files.ts'
import { targetVersion } from './files.ts'
import { followPlatform, hasStanding, readTenant } from './standing.ts'

export interface MigrationSets {
  platform: Migration[]
  tenant: Migration[]
}

/** A schema's recorded migrations do not match those of this program. */
class MigrationError extends Error {}

/**
 * Migrates the platform's schema, and creates it in an empty database. Every process may call it at its start: a lock
 * lets one process do the work, and the others find it done.
 * @throws MigrationError, or PostgreSQL's error
 */
export async function bootstrapPlatform(database: Database, migrations: Migration[]): Promise<void> {
  const { db, transaction } = database.platform
  const applied = await readApplied(db, 'platform')
  if (applied && pendingMigrations('platform', applied, migrations).length === 0) return
  await transaction(async tx => {
    // A fixed lock key, because an empty database has no row or table to lock.
    await tx.execute(sql`select pg_advisory_xact_lock(7265003)`)
    await createSchema(tx, 'platform')
    // pg-boss would create its own as a distributed one.
    await createSchema(tx, 'pgboss')
    await applyMigrations(tx, 'platform', migrations)
  })
}

/**
 * Applies the missing migrations to one schema, inside the caller's transaction.
 * @returns whether any was missing
 * @throws MigrationError when a migration was edited after it was applied, or the schema is newer than this program
 */
export async function applyMigrations(tx: Db, schema: string, migrations: Migration[]): Promise<boolean> {
  const name = schema === 'platform' ? schema : requireSchemaName(schema)
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${name}, 0))`)
  const applied = (await readApplied(tx, name)) ?? []
  const pending = pendingMigrations(name, applied, migrations)
  if (pending.length === 0) return false
  // Of a tenant from before. Locked before its tables, as by every change of its status.
  const tenant = name === 'platform' || (await hasStanding(tx, name)) ? undefined : await readTenant(tx, name)
  await runStatements(tx, name, pending)
  if (tenant) await followPlatform(tx, name, tenant)
  await recordApplied(tx, name, [...applied, ...pending.map(entryOf)], targetVersion(pending))
  return true
}

async function runStatements(tx: Db, schema: string, migrations: Migration[]): Promise<void> {
  await tx.execute(sql`set local search_path to ${sql.identifier(schema)}`)
  for (const { statements } of migrations) for (const statement of statements) await tx.execute(sql.raw(statement))
  await tx.execute(sql`set local search_path to default`)
}

async function recordApplied(tx: Db, schema: string, applied: string[], version: string): Promise<void> {
  await tx.execute(sql`
    insert into platform.schema_versions (schema, applied, version, state, error, updated)
    values (${schema}, array(select json_array_elements_text(${JSON.stringify(applied)}::text::json)), ${version}, 'migrated', null, now())
    on conflict (schema) do update set applied = excluded.applied, version = excluded.version, state = 'migrated', error = null, updated = now()`)
}

/**
 * Compares names and checksums, not only the latest version: a migration that was merged late from another branch is
 * applied, and an edited one is rejected.
 */
export function pendingMigrations(schema: string, applied: string[], migrations: Migration[]): Migration[] {
  const known = new Map(migrations.map(migration => [migration.name, migration.checksum]))
  for (const entry of applied) {
    const [name = '', checksum] = entry.split(' ')
    if (!known.has(name))
      throw new MigrationError(
        `${schema} has had ${name}, which this program does not know: it is older than the schema.`,
      )
    if (known.get(name) !== checksum)
      throw new MigrationError(`${name} was edited after it had been applied to ${schema}.`)
  }
  const done = new Set(applied)
  return migrations.filter(migration => !done.has(entryOf(migration)))
}

/** @returns undefined where the platform has no record yet */
async function readApplied(db: Db, schema: string): Promise<string[] | undefined> {
  const exists = await db.execute<{ found: boolean }>(
    sql`select to_regclass('platform.schema_versions') is not null as found`,
  )
  if (!exists[0]!.found) return undefined
  const rows = await db.execute<{ applied: string[] }>(
    sql`select to_json(applied) as applied from platform.schema_versions where schema = ${schema}`,
  )
  return rows[0]?.applied ?? []
}

/** The entry of a migration in a schema's record. */
export function entryOf(migration: Migration): string {
  return `${migration.name} ${migration.checksum}`
}
