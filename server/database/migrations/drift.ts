import type { SQL } from 'drizzle-orm'
import { sql } from 'drizzle-orm'
import type { Database, Db } from '#server/database/realms.ts'
import { newSchemaName } from '#server/database/schema-names.ts'
import type { Migration } from './files.ts'
import { entryOf } from './records.ts'
import { makeSchema } from './spare-schemas.ts'

/** A column, constraint or index of a schema that is not as the migrations create it. */
export interface Drift {
  schema: string
  /** The organisation's subdomain; null: a spare schema. */
  subdomain: string | null
  table: string
  kind: Kind
  name: string
  /** In SQL, without the schema's name; null: there should be none. */
  expected: string | null
  /** The same; null: there is none. */
  found: string | null
}

/** What is compared of each table, by its name and definition. */
const kinds = ['column', 'constraint', 'index'] as const
type Kind = (typeof kinds)[number]

interface Fact extends Record<string, unknown> {
  table: string
  name: string
  definition: string
}

/** So many schemas that a statement takes well under a second. */
const batchSize = 200

/**
 * Compares the catalog of every schema that has all migrations, and no others, with that of a new schema: in three
 * queries for two hundred schemas. Whole tables that are missing or unknown are not part of it.
 * @returns how many schemas were compared, and the differences
 */
export async function findDrift(
  database: Database,
  migrations: Migration[],
): Promise<{ compared: number; drifts: Drift[] }> {
  const { db } = database.platform
  const schemas = await listComparable(db, migrations)
  const subdomains = new Map(schemas.map(({ schema, subdomain }) => [schema, subdomain]))
  const template = await readTemplate(database, migrations)
  const drifts: Drift[] = []
  for (let at = 0; at < schemas.length; at += batchSize) {
    const batch = schemas.slice(at, at + batchSize).map(({ schema }) => schema)
    for (const kind of kinds)
      for (const row of await compare(db, kind, batch, template[kind]))
        drifts.push({ kind, subdomain: subdomains.get(row.schema) ?? null, ...row })
  }
  return { compared: schemas.length, drifts }
}

async function listComparable(db: Db, migrations: Migration[]) {
  const known = arrayOf(migrations.map(entryOf))
  return db.execute<{ schema: string; subdomain: string | null }>(sql`
    select o.schema, o.subdomain
    from (
      select schema, subdomain from platform.tenants where status <> 'purging'
      union all select schema, null from platform.spare_schemas
    ) o join platform.schema_versions v on v.schema = o.schema
    where v.state = 'migrated' and v.applied @> ${known} and v.applied <@ ${known} order by 2, 1`)
}

/** Creates a schema as a new tenant's, reads its catalog, and rolls back. */
async function readTemplate({ platform }: Database, migrations: Migration[]): Promise<Record<Kind, Fact[]>> {
  const name = newSchemaName('template')
  const rolledBack = new Error('Rolled back.')
  let template: Record<Kind, Fact[]> | undefined
  await platform
    .transaction(async tx => {
      await makeSchema(tx, name, migrations)
      const read = (kind: Kind) =>
        tx.execute<Fact>(
          sql`with tables as (${tablesOf([name])}) select "table", name, definition from (${facts[kind]}) f`,
        )
      template = { column: await read('column'), constraint: await read('constraint'), index: await read('index') }
      throw rolledBack
    })
    .catch((error: unknown) => {
      if (error !== rolledBack) throw error
    })
  return template!
}

function compare(db: Db, kind: Kind, schemas: string[], template: Fact[]) {
  const rows = JSON.stringify(template.map(({ table, name, definition }) => ({ table, name, definition })))
  return db.execute<Omit<Drift, 'kind' | 'subdomain'>>(sql`
    with tables as (${tablesOf(schemas)}),
    template as materialized (
      select r."table", r.name, r.definition from json_to_recordset(${rows}::text::json) as r("table" text, name text, definition text)
    ),
    expected as (select t.schema, r."table", r.name, r.definition from template r join tables t on t."table" = r."table"),
    found as (select f.schema, f."table", f.name, f.definition from (${facts[kind]}) f where f."table" in (select "table" from template))
    select schema, "table", name, e.definition as expected, f.definition as found
    from expected e full join found f using (schema, "table", name)
    where e.definition is distinct from f.definition order by schema, "table", name`)
}

function tablesOf(schemas: string[]): SQL {
  return sql`
    select n.nspname::text as schema, c.relname::text as "table", c.oid
    from pg_namespace n join pg_class c on c.relnamespace = n.oid and c.relkind in ('r', 'p')
    where n.nspname = any(${arrayOf(schemas)})`
}

function arrayOf(texts: string[]): SQL {
  return sql`array(select json_array_elements_text(${JSON.stringify(texts)}::text::json))`
}

// Of the query `tables`. Where PostgreSQL's text has the name of the schema, it is left out.
const facts: Record<Kind, SQL> = {
  column: sql`
    select t.schema, t."table", a.attname::text as name, concat(
      format_type(a.atttypid, a.atttypmod),
      case when a.attcollation <> ty.typcollation then ' collate ' || a.attcollation::regcollation end,
      case a.attidentity when 'a' then ' generated always as identity' when 'd' then ' generated by default as identity' end,
      case when d.oid is not null then replace(
        case a.attgenerated when '' then ' default ' || pg_get_expr(d.adbin, d.adrelid)
        else ' generated always as (' || pg_get_expr(d.adbin, d.adrelid) || ') stored' end, t.schema || '.', '') end,
      case when a.attnotnull then ' not null' end) as definition
    from tables t
    join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
    join pg_type ty on ty.oid = a.atttypid
    left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum`,
  // From PostgreSQL 18 on, NOT NULL is a constraint, too.
  constraint: sql`
    select t.schema, t."table", k.conname::text as name, replace(pg_get_constraintdef(k.oid), t.schema || '.', '') as definition
    from tables t join pg_constraint k on k.conrelid = t.oid and k.contype in ('c', 'f', 'p', 'u', 'x')`,
  // Without those of constraints.
  index: sql`
    select t.schema, t."table", c.relname::text as name, replace(pg_get_indexdef(i.indexrelid), t.schema || '.', '') as definition
    from tables t join pg_index i on i.indrelid = t.oid join pg_class c on c.oid = i.indexrelid
    where not exists (select from pg_constraint k where k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x'))`,
}
