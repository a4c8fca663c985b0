import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import { createSchema } from '#server/database/create-schema.ts'
import type { Database, Db } from '#server/database/realms.ts'
import { requireSchemaName } from '#server/database/schema-names.ts'
import { runConcurrently } from './concurrent-index.ts'
import { MigrationError, StatementFailed } from './error.ts'
import type { Migration } from './files.ts'
import { isConcurrent } from './files.ts'
import { olderThan, pendingMigrations, readRecord, writeRecord } from './records.ts'
import { retrying } from './retries.ts'
import { followPlatform, hasStanding, readTenant } from './standing.ts'
import { withoutConcurrently } from './statements.ts'

export interface MigrationSets {
  platform: Migration[]
  tenant: Migration[]
}

/**
 * Migrates the platform's schema, and creates it in an empty database. Every process may call it at its start: a lock
 * lets one process do the work, and the others find it done.
 * @throws MigrationError, or PostgreSQL's error
 */
export async function bootstrapPlatform(database: Database, migrations: Migration[]): Promise<void> {
  const { db, transaction } = database.platform
  const record = await readRecord(db, 'platform')
  if (record && pendingMigrations('platform', record, migrations).length === 0) return
  if (record && record.applied.length > 0)
    return void (await retrying(() => migrateSchema(database, 'platform', migrations)))
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
 * Whether this program can work with every schema: those of a newer program may have had migrations that it does not
 * know, as long as these do not break it.
 * @throws MigrationError when one does
 */
export async function requireCompatible({ platform }: Database, sets: MigrationSets): Promise<void> {
  const known = new Set([...sets.platform, ...sets.tenant].map(({ name }) => name))
  const rows = await platform.db.execute<{ name: string }>(
    sql`select distinct unnest(needed) as name from platform.schema_versions where needed <> '{}'`,
  )
  for (const { name } of rows) if (!known.has(name)) throw new MigrationError(olderThan('The database', name))
}

/**
 * Applies the missing migrations to one schema, inside the caller's transaction. Nobody else may use the schema yet
 * where a migration creates an index concurrently: it is created as any other.
 * @returns whether any was missing
 * @throws MigrationError when a migration was edited after it was applied, or breaks this program
 */
export async function applyMigrations(tx: Db, schema: string, migrations: Migration[]): Promise<boolean> {
  const name = schema === 'platform' ? schema : requireSchemaName(schema)
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${name}, 0))`)
  const pending = await findPending(tx, name, migrations)
  await apply(tx, name, pending)
  return pending.length > 0
}

/**
 * Applies the missing migrations to a schema that is in use: those that change tables in one transaction, which waits
 * for a lock only a moment, and each one of concurrent indexes by itself, outside of a transaction. It can be killed at
 * any point and repeated.
 * @returns whether any was missing
 * @throws as `applyMigrations`, and ApiError 503 when something else holds a lock
 */
export async function migrateSchema(database: Database, schema: string, migrations: Migration[]): Promise<boolean> {
  if (schema !== 'platform') requireSchemaName(schema)
  const { changed, isComplete } = await inTurn(() => changeTables(database, schema, migrations))
  if (isComplete) return changed
  await inTurn(() => makeIndexes(database, schema, migrations))
  await migrateSchema(database, schema, migrations)
  return true
}

function changeTables(
  { slots, on }: Database,
  schema: string,
  migrations: Migration[],
): Promise<{ changed: boolean; isComplete: boolean }> {
  return slots.transaction(schema, async client => {
    const tx = on(client)
    await lockSchema(tx, schema)
    // The requests that come after it wait as long, and give up after 1.5 s.
    await tx.execute(sql`set local lock_timeout to '300ms'`)
    const pending = await findPending(tx, schema, migrations)
    const end = pending.findIndex(isConcurrent)
    const chosen = end < 0 ? pending : pending.slice(0, end)
    await apply(tx, schema, chosen)
    return { changed: chosen.length > 0, isComplete: end < 0 }
  })
}

/** Does the next migration, if it is one of concurrent indexes. */
function makeIndexes(database: Database, schema: string, migrations: Migration[]): Promise<void> {
  return database.slots.transaction(schema, async client => {
    const tx = database.on(client)
    await lockSchema(tx, schema)
    const [next] = await findPending(tx, schema, migrations)
    if (!next || !isConcurrent(next)) return
    for (const statement of next.statements) await runConcurrently(database, tx, schema, statement).catch(failIn(next))
    await writeRecord(tx, schema, [next])
  })
}

async function apply(tx: Db, schema: string, migrations: Migration[]): Promise<void> {
  if (migrations.length === 0) return
  // Of a tenant from before. Locked before its tables, as by every change of its status.
  const tenant = schema === 'platform' || (await hasStanding(tx, schema)) ? undefined : await readTenant(tx, schema)
  await runStatements(tx, schema, migrations)
  if (tenant) await followPlatform(tx, schema, tenant)
  await writeRecord(tx, schema, migrations)
}

/** Milliseconds. */
const lockPause = 100
const lockAttempts = 600

/** Another program migrates the schema. */
class SchemaLocked extends Error {}

/**
 * Two programs that migrate one schema go one after another.
 * @throws SchemaLocked when it is the other's turn
 */
async function lockSchema(tx: Db, schema: string): Promise<void> {
  const rows = await tx.execute<{ locked: boolean }>(
    sql`select pg_try_advisory_xact_lock(hashtextextended(${schema}, 0)) as locked`,
  )
  if (!rows[0]!.locked) throw new SchemaLocked(`Another program migrates ${schema}.`)
}

/**
 * Repeats a transaction until it is its turn. A transaction that waits would hold up the index that the other program
 * creates, and for which that one holds the lock.
 */
async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof SchemaLocked) || attempt === lockAttempts) throw error
      await sleep(lockPause)
    }
  }
}

async function findPending(tx: Db, schema: string, migrations: Migration[]): Promise<Migration[]> {
  return pendingMigrations(schema, (await readRecord(tx, schema)) ?? { applied: [], needed: [] }, migrations)
}

async function runStatements(tx: Db, schema: string, migrations: Migration[]): Promise<void> {
  await tx.execute(sql`set local search_path to ${sql.identifier(schema)}`)
  for (const migration of migrations)
    for (const statement of migration.statements)
      await tx.execute(sql.raw(withoutConcurrently(statement))).catch(failIn(migration))
  await tx.execute(sql`set local search_path to default`)
}

function failIn({ name }: Migration): (error: unknown) => never {
  return error => {
    throw new StatementFailed(name, error)
  }
}
