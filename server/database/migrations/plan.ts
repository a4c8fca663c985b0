import { sql } from 'drizzle-orm'
import type { Database } from '#server/database/realms.ts'
import type { Migration } from './files.ts'
import { isConcurrent, targetVersion } from './files.ts'
import { readFleet } from './fleet-rows.ts'
import { pendingMigrations, readRecord } from './records.ts'
import type { MigrationSets } from './runner.ts'
import type { DescribedStatement } from './statements.ts'
import { describeStatement } from './statements.ts'

export interface FleetPlan {
  /** The newest version of tenants' schemas. */
  target: string
  /** Number of tenants that lack a migration. */
  tenants: number
  /** The largest of them, counting only what the migrations touch. */
  largest: { subdomain: string; bytes: number }[]
  /** The platform's, then the tenants', each in the order in which they are applied. */
  migrations: PlannedMigration[]
}

export interface PlannedMigration {
  name: string
  /** Number of tenants that lack it; null for the platform's own schema. */
  tenants: number | null
  /** The migration that a program must know to work with it. */
  needs: string | null
  is_concurrent: boolean
  statements: Pick<DescribedStatement, 'text' | 'lock'>[]
  /** What it touches in all schemas that lack a migration, as PostgreSQL estimates. */
  tables: TouchedTable[]
}

interface TouchedTable {
  name: string
  rows: number
  bytes: number
}

const largestCount = 5

/** What the next run would do. Changes nothing. */
export async function planMigrations(database: Database, { platform, tenant }: MigrationSets): Promise<FleetPlan> {
  const record = (await readRecord(database.platform.db, 'platform')) ?? { applied: [] }
  const own = pendingMigrations('platform', record, platform)
  const fleet = record.applied.length > 0 ? await readFleet(database, tenant, {}) : []
  const behind = fleet.filter(({ pending }) => pending !== null && pending.length > 0)
  const lacking = tenant.flatMap(migration => {
    const count = behind.filter(({ pending }) => pending!.includes(migration)).length
    return count > 0 ? [{ migration, count }] : []
  })
  const sizes = await readSizes(
    database,
    behind.map(({ schema }) => schema),
    lacking.map(({ migration }) => migration),
  )
  const ownSizes = await readSizes(database, ['platform'], own)
  const subdomains = new Map(behind.map(({ schema, subdomain }) => [schema, subdomain]))
  return {
    target: targetVersion(tenant),
    tenants: behind.length,
    largest: sizes.schemas
      .slice(0, largestCount)
      .map(({ name, bytes }) => ({ subdomain: subdomains.get(name)!, bytes })),
    migrations: [
      ...own.map(migration => present(migration, null, ownSizes.tables)),
      ...lacking.map(({ migration, count }) => present(migration, count, sizes.tables)),
    ],
  }
}

function present(migration: Migration, tenants: number | null, sizes: TouchedTable[]): PlannedMigration {
  const statements = migration.statements.map(describeStatement)
  const touched = new Set(statements.flatMap(({ relations }) => relations))
  return {
    name: migration.name,
    tenants,
    needs: migration.needs ?? null,
    is_concurrent: isConcurrent(migration),
    statements: statements.map(({ text, lock }) => ({ text, lock })),
    tables: sizes.filter(({ name }) => touched.has(name)),
  }
}

/**
 * Reads how large the tables of migrations are: of all schemas together, and of each, the largest first. PostgreSQL's
 * estimates, because a count would read every table.
 */
async function readSizes(
  { platform }: Database,
  schemas: string[],
  migrations: Migration[],
): Promise<{ tables: TouchedTable[]; schemas: TouchedTable[] }> {
  const names = migrations.flatMap(({ statements }) => statements.flatMap(text => describeStatement(text).relations))
  if (names.length === 0 || schemas.length === 0) return { tables: [], schemas: [] }
  const list = (texts: string[]) => sql`(select json_array_elements_text(${JSON.stringify(texts)}::text::json))`
  const rows = await platform.db.execute<
    { table: string | null; schema: string | null } & Omit<TouchedTable, 'name'>
  >(sql`
    select c.relname as table, n.nspname as schema, sum(greatest(c.reltuples, 0))::float8 as rows,
      sum(c.relpages::float8) * current_setting('block_size')::float8 as bytes
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname in ${list(schemas)} and c.relname in ${list(names)}
    group by grouping sets ((c.relname), (n.nspname)) order by bytes desc, rows desc, 1, 2`)
  const sizes = (key: 'table' | 'schema') =>
    [...rows].flatMap(({ rows, bytes, ...by }) => (by[key] === null ? [] : [{ name: by[key], rows, bytes }]))
  return { tables: sizes('table'), schemas: sizes('schema') }
}
