import { eq, sql } from 'drizzle-orm'
import type { SQL } from 'drizzle-orm'
import { createSchema } from '#server/database/create-schema.ts'
import type { Database, Db, PlatformRealm } from '#server/database/realms.ts'
import { newSchemaName, requireSchemaName } from '#server/database/schema-names.ts'
import type { Migration } from './files.ts'
import { entryOf } from './records.ts'
import { applyMigrations } from './runner.ts'

export interface Spare {
  schema: string
  created: Date
  /** Name of its newest migration; null if none is recorded. */
  version: string | null
  /** True if it has all migrations of this program, and none that breaks it; then a new tenant can take it. */
  is_current: boolean
}

/** Creates a schema with all its tables, in the caller's transaction. */
export async function makeSchema(tx: Db, schema: string, migrations: Migration[]): Promise<void> {
  await createSchema(tx, schema)
  await applyMigrations(tx, schema, migrations)
}

/** Creates a spare schema for a future tenant, in the caller's transaction. */
export async function makeSpare(
  tx: Db,
  { tables: { spare_schemas: spares } }: PlatformRealm,
  migrations: Migration[],
): Promise<void> {
  const schema = newSchemaName('pool')
  await makeSchema(tx, schema, migrations)
  await tx.insert(spares).values({ schema, created: new Date() })
}

/**
 * Renames a spare schema for a new tenant, in the tenant's transaction. Two callers never get the same one.
 * @param schema its new name
 * @returns false if there is none that suits this program
 */
export async function claimSpare(tx: Db, migrations: Migration[], schema: string): Promise<boolean> {
  const rows = await tx.execute<{ schema: string }>(sql`
    delete from platform.spare_schemas where schema = (
      select s.schema from platform.spare_schemas s join platform.schema_versions v on v.schema = s.schema
      where ${isCurrent(migrations)} order by s.created limit 1 for update of s skip locked)
    returning schema`)
  if (!rows[0]) return false
  await tx.execute(sql`alter schema ${identifier(rows[0].schema)} rename to ${identifier(schema)}`)
  await tx.execute(sql`update platform.schema_versions set schema = ${schema} where schema = ${rows[0].schema}`)
  return true
}

/** All spares, oldest first. */
export async function listSpares({ platform: { db } }: Database, migrations: Migration[]): Promise<Spare[]> {
  const rows = await db.execute<Omit<Spare, 'created'> & { created: string }>(sql`
    select s.schema, s.created, v.version, coalesce(${isCurrent(migrations)}, false) as is_current
    from platform.spare_schemas s left join platform.schema_versions v on v.schema = s.schema order by s.created, s.schema`)
  return rows.map(row => ({ ...row, created: new Date(row.created) }))
}

/** @returns how many suit this program */
export async function countSpares(db: Db, migrations: Migration[]): Promise<number> {
  const rows = await db.execute<{ count: number }>(sql`
    select count(*)::int as count from platform.spare_schemas s join platform.schema_versions v on v.schema = s.schema where ${isCurrent(migrations)}`)
  return rows[0]!.count
}

/** Migrates the spares to the newest version. A spare that fails is dropped: it contains no data. */
export async function migrateSpares(database: Database, migrations: Migration[]): Promise<void> {
  for (const { schema, is_current } of await listSpares(database, migrations)) {
    if (is_current) continue
    const migrate = (tx: Db) => applyMigrations(tx, schema, migrations).then(() => {})
    await withSpare(database, schema, migrate).catch(() => dropSpare(database, schema))
  }
}

/** @returns false if another transaction is claiming it, or has claimed it */
export function dropSpare(database: Database, schema: string): Promise<boolean> {
  const { spare_schemas: spares, schema_versions: versions } = database.platform.tables
  return withSpare(database, schema, async tx => {
    await tx.execute(sql`drop schema if exists ${identifier(schema)} cascade`)
    await tx.delete(versions).where(eq(versions.schema, schema))
    await tx.delete(spares).where(eq(spares.schema, schema))
  })
}

// A spare that is being claimed is locked, and then has another name.
function withSpare({ platform }: Database, schema: string, work: (tx: Db) => Promise<void>): Promise<boolean> {
  const { spare_schemas: spares } = platform.tables
  return platform.transaction(async tx => {
    const rows = await tx
      .select({ schema: spares.schema })
      .from(spares)
      .where(eq(spares.schema, schema))
      .for('update', { skipLocked: true })
    if (!rows[0]) return false
    await work(tx)
    return true
  })
}

function isCurrent(migrations: Migration[]): SQL {
  const array = (texts: string[]) => sql`array(select json_array_elements_text(${JSON.stringify(texts)}::text::json))`
  const names = array(migrations.map(({ name }) => name))
  return sql`(v.state = 'migrated' and v.applied @> ${array(migrations.map(entryOf))} and v.needed <@ ${names})`
}

function identifier(schema: string) {
  return sql.identifier(requireSchemaName(schema))
}
