import { sql } from 'drizzle-orm'
import type { CopiedTable } from './copy.ts'
import type { Db } from './realms.ts'

/**
 * Reads the current tables of a schema, each with its stored (not generated) columns. A table comes after the tables
 * that its foreign keys reference.
 */
export async function readTables(db: Db, schema: string): Promise<CopiedTable[]> {
  const tables = await db.execute<{ name: string; columns: string[] }>(sql`
    select c.relname as name, json_agg(a.attname order by a.attnum) as columns
    from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.relnamespace = (select oid from pg_namespace where nspname = ${schema}) and c.relkind = 'r'
      and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
    group by c.relname order by c.relname`)
  const references = await db.execute<{ source: string; target: string }>(sql`
    select s.relname as source, t.relname as target
    from pg_constraint k join pg_class s on s.oid = k.conrelid join pg_class t on t.oid = k.confrelid
    where k.contype = 'f' and s.oid <> t.oid and k.connamespace = (select oid from pg_namespace where nspname = ${schema})`)
  return inOrder(
    [...tables].map(({ name, columns }) => ({ name, columns })),
    [...references],
  )
}

function inOrder(tables: CopiedTable[], references: { source: string; target: string }[]): CopiedTable[] {
  const ordered: CopiedTable[] = []
  let rest = tables
  while (rest.length > 0) {
    const waiting = new Set(rest.map(({ name }) => name))
    const ready = rest.filter(
      ({ name }) => !references.some(({ source, target }) => source === name && waiting.has(target)),
    )
    if (ready.length === 0) throw new Error('The foreign keys of the schema go in a circle.')
    ordered.push(...ready)
    rest = rest.filter(table => !ready.includes(table))
  }
  return ordered
}
