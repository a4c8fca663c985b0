import type postgres from 'postgres'

/** A hash of each table, by schema and name: equal as long as no row has changed. */
export type Digest = Record<string, string>

export async function digestOf(sql: postgres.Sql, schemas: string[]): Promise<Digest> {
  const names = (await Promise.all(schemas.map(schema => tablesOf(sql, schema)))).flat()
  const queries = names.map(
    name =>
      `select '${name}' as name, md5(coalesce(string_agg(t::text, '|' order by t::text), '')) as hash from ${name} t`,
  )
  const rows = await sql.unsafe<{ name: string; hash: string }[]>(queries.join(' union all '))
  return Object.fromEntries(rows.map(({ name, hash }) => [name, hash]))
}

/** The tables in which two digests differ. */
export function changedTables(before: Digest, after: Digest): string[] {
  return Object.keys({ ...before, ...after }).filter(name => before[name] !== after[name])
}

const tables = new Map<string, Promise<string[]>>()

/** The names of all tables of a schema, which do not change during a test. */
function tablesOf(sql: postgres.Sql, schema: string): Promise<string[]> {
  const found = tables.get(schema) ?? readTables(sql, schema)
  tables.set(schema, found)
  return found
}

async function readTables(sql: postgres.Sql, schema: string): Promise<string[]> {
  const rows = await sql`select tablename from pg_tables where schemaname = ${schema} order by 1`
  return rows.map(({ tablename }) => `${schema}.${tablename}`)
}
