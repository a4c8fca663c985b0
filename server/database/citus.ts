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

/** @returns the bytes of each schema's tables, with indexes and long values, wherever they are */
export async function readSizes(database: Database, schemas: string[]): Promise<Map<string, number>> {
  if (schemas.length === 0) return new Map()
  const answers = (await isCluster(database))
    ? // A node that is away does not answer: its organisations are then shown without a size.
      (await askNodes(database, sizesOf(schemas, isStored))).flatMap(({ text }) => text ?? [])
    : (await database.platform.db.execute<{ sizes: string }>(sizesOf(schemas, sql`true`))).map(({ sizes }) => sizes)
  return new Map(answers.flatMap(text => Object.entries(JSON.parse(text) as Record<string, number>)))
}

function sizesOf(schemas: string[], condition: SQL): SQL {
  return sql`
    select coalesce(json_object_agg(schema, size), '{}')::text as sizes from (
      select n.nspname as schema, sum(pg_total_relation_size(c.oid))::float8 as size
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where ${inArray(sql`n.nspname`, schemas)} and c.relkind in ('r', 'p', 'm') and ${condition} group by 1) s`
}
