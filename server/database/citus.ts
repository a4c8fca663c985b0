import type { SQL } from 'drizzle-orm'
import { inArray, sql } from 'drizzle-orm'
import { PgDialect } from 'drizzle-orm/pg-core'
import type { Database, Db } from './realms.ts'

/** Whether the database is a Citus cluster; see docs/decisions/0024-past-one-machine.md. */
export async function hasCitus(db: Db): Promise<boolean> {
  const rows = await db.execute<{ found: boolean }>(
    sql`select exists (select from pg_extension where extname = 'citus') as found`,
  )
  return rows[0]!.found
}

const known = new WeakMap<Database, boolean>()

/** The same, asked once: the extension is there before our schemas. */
export async function isCluster(database: Database): Promise<boolean> {
  const found = known.get(database) ?? (await hasCitus(database.platform.db))
  known.set(database, found)
  return found
}

/** What a node has answered; undefined if it has not, and then why. */
export interface NodeAnswer {
  node: number
  text: string | undefined
  problem: string | undefined
}

/** Runs a SELECT of one value on every active node. */
export async function askNodes({ platform: { db } }: Database, query: SQL): Promise<NodeAnswer[]> {
  const { sql: command } = new PgDialect().sqlToQuery(query.inlineParams())
  const rows = await db.execute<{ node: number; success: boolean; result: string }>(
    sql`select nodeid as node, success, result from run_command_on_all_nodes(${command})`,
  )
  return rows.map(({ node, success, result }) => ({
    node,
    text: success ? result : undefined,
    problem: success ? undefined : result,
  }))
}

/** For a table of `pg_class c`, on a node: whether its rows are there. Each node also has all tables without rows. */
export const isStored = sql`not exists (select from pg_dist_partition p where p.logicalrelid = c.oid)`

/** A table of `pg_class c`, wherever its rows are. */
export interface StoredTable {
  name: SQL
  isStored: SQL
}

// A node names the tables of its organisations with a number: users_102012.
const onNode: StoredTable = { name: sql`regexp_replace(c.relname, '_[0-9]{6,}$', '')`, isStored }
const here: StoredTable = { name: sql`c.relname`, isStored: sql`true` }

/**
 * Runs a SELECT of one `value` about tables: here, or on every node. A node that is away is left out.
 * @returns the values, parsed as JSON
 */
export async function readTables<T>(database: Database, select: (table: StoredTable) => SQL): Promise<T[]> {
  const texts = (await isCluster(database))
    ? (await askNodes(database, select(onNode))).flatMap(({ text }) => text ?? [])
    : (await database.platform.db.execute<{ value: string }>(select(here))).map(({ value }) => value)
  return texts.map(text => JSON.parse(text) as T)
}

/** @returns the bytes of each schema's tables, with indexes and long values, wherever they are */
export async function readSizes(database: Database, schemas: string[]): Promise<Map<string, number>> {
  if (schemas.length === 0) return new Map()
  const sizes = await readTables<Record<string, number>>(
    database,
    table => sql`
      select coalesce(json_object_agg(schema, size), '{}')::text as value from (
        select n.nspname as schema, sum(pg_total_relation_size(c.oid))::float8 as size
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where ${inArray(sql`n.nspname`, schemas)} and c.relkind in ('r', 'p', 'm') and ${table.isStored} group by 1) s`,
  )
  return new Map(sizes.flatMap(Object.entries<number>))
}
