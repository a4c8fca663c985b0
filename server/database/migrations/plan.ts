import type { SQL } from 'drizzle-orm'
import { sql } from 'drizzle-orm'
import { readTables } from '#server/database/citus.ts'
import type { Database } from '#server/database/realms.ts'
import type { Migration } from './files.ts'
import { isConcurrent, targetVersion } from './files.ts'
import { readFleet } from './fleet-rows.ts'
import { pendingMigrations, readRecord } from './records.ts'
import type { MigrationSets } from './runner.ts'
import type { DescribedStatement } from './statements.ts'
import { createdTable } from './safety.ts'
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
  /** Those with which the version before does not work: what they need is not older than this plan. */
  breaking: string[]
}

export interface PlannedMigration {
  name: string
  /** Number of tenants that lack it; null for the platform's own schema. */
  tenants: number | null
  /** The migration that a program must know to work with it. */
  needs: string | null
  is_concurrent: boolean
  statements: Pick<DescribedStatement, 'text' | 'lock'>[]
  /** What it touches in all schemas that lack a migration. */
  tables: TouchedTable[]
}

interface TouchedTable {
  name: string
  /** As PostgreSQL estimates; null where it has not counted any yet. */
  rows: number | null
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
  const newTables = (migration: Migration) => {
    const schemas = behind.filter(({ pending }) => pending!.includes(migration))
    return lacking.flatMap(made =>
      schemas.every(({ pending }) => pending!.includes(made.migration)) ? createdTables(made.migration) : [],
    )
  }
  const newOwnTables = own.flatMap(createdTables)
  return {
    target: targetVersion(tenant),
    tenants: behind.length,
    largest: sizes.schemas
      .slice(0, largestCount)
      .map(({ name, bytes }) => ({ subdomain: subdomains.get(name)!, bytes })),
    migrations: [
      ...own.map(migration => present(migration, null, ownSizes.tables, newOwnTables)),
      ...lacking.map(({ migration, count }) => present(migration, count, sizes.tables, newTables(migration))),
    ],
    breaking: findBreaking([...own, ...lacking.map(({ migration }) => migration)]),
  }
}

function findBreaking(migrations: Migration[]): string[] {
  const names = new Set(migrations.map(({ name }) => name))
  return migrations.flatMap(({ name, needs }) => (needs !== undefined && names.has(needs) ? [name] : []))
}

function createdTables({ statements }: Migration): string[] {
  return statements.flatMap(createdTable)
}

/** @param made tables that nobody uses yet, because the same run makes them in each of its schemas */
function present(
  migration: Migration,
  tenants: number | null,
  sizes: TouchedTable[],
  made: string[],
): PlannedMigration {
  const statements = migration.statements.map(describeStatement)
  const isInUse = ({ relations }: DescribedStatement) =>
    relations.length === 0 || relations.some(relation => !made.includes(relation))
  const touched = new Set(statements.flatMap(({ relations }) => relations))
  return {
    name: migration.name,
    tenants,
    needs: migration.needs ?? null,
    is_concurrent: isConcurrent(migration),
    statements: statements.map(statement => ({
      text: statement.text,
      lock: isInUse(statement) ? statement.lock : null,
    })),
    tables: sizes.filter(({ name }) => touched.has(name)),
  }
}

type Touched = Record<'tables' | 'schemas', TouchedTable[]>

/**
 * Reads how large the tables of migrations are, with their indexes: of all schemas together, and of each, the largest
 * first. The numbers of rows are PostgreSQL's estimates, because a count would read every table.
 */
async function readSizes(database: Database, schemas: string[], migrations: Migration[]): Promise<Touched> {
  const names = migrations.flatMap(({ statements }) => statements.flatMap(text => describeStatement(text).relations))
  if (names.length === 0 || schemas.length === 0) return { tables: [], schemas: [] }
  const list = (texts: string[]) => sql`(select json_array_elements_text(${JSON.stringify(texts)}::text::json))`
  const found = await readTables<Touched>(
    database,
    table => sql`
      with sizes as materialized (
        select ${table.name} as table_name, n.nspname as schema_name, c.reltuples, pg_total_relation_size(c.oid) as bytes
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname in ${list(schemas)} and ${table.name} in ${list(names)} and ${table.isStored}
      )
      select json_build_object('tables', (${sumsBy(sql`table_name`)}), 'schemas', (${sumsBy(sql`schema_name`)}))::text as value`,
  )
  return {
    tables: together(found.flatMap(({ tables }) => tables)),
    schemas: together(found.flatMap(one => one.schemas)),
  }
}

function sumsBy(name: SQL): SQL {
  return sql`
    select coalesce(json_agg(s), '[]') from (
      select ${name} as name, sum(reltuples) filter (where reltuples >= 0)::float8 as rows, sum(bytes)::float8 as bytes
      from sizes group by 1) s`
}

/** The sums of all machines, the largest first. */
function together(found: TouchedTable[]): TouchedTable[] {
  const sums = new Map<string, TouchedTable>()
  for (const { name, rows, bytes } of found) {
    const sum = sums.get(name)
    const both = sum?.rows == null || rows === null ? (sum?.rows ?? rows) : sum.rows + rows
    sums.set(name, { name, rows: both, bytes: (sum?.bytes ?? 0) + bytes })
  }
  const rowsOf = ({ rows }: TouchedTable) => rows ?? -1
  return [...sums.values()].sort((a, b) => b.bytes - a.bytes || rowsOf(b) - rowsOf(a) || (a.name < b.name ? -1 : 1))
}
