import { getTableName, sql } from 'drizzle-orm'
import type { PgTable } from 'drizzle-orm/pg-core'
import type { Migration } from '#server/database/migrations/files.ts'
import { entryOf } from '#server/database/migrations/records.ts'
import type { App } from '#server/domain/context.ts'
import { counted } from '#server/domain/lib/counted.ts'
import type { Check } from './check.ts'
import { findOrphanFolders } from './orphans.ts'

/**
 * Schemas without a tenant, tenants and spares without a schema, tables that were created or dropped by hand. A schema
 * that lacks migrations may lack tables, and one that has had others may have more.
 */
export async function checkSchemas({ database }: App, migrations: Migration[]): Promise<Check> {
  const tables = Object.values(database.tenant('t_doctor').tables as unknown as Record<string, PgTable>)
  const expected = tables.map(getTableName)
  const rows = await readSchemas(database, migrations)
  return { name: 'schemas', found: `${rows.length} found`, problems: rows.flatMap(row => faultsOf(row, expected)) }
}

interface SchemaRow extends Record<string, unknown> {
  schema: string
  owner: string | null
  kind: 'tenant' | 'spare' | null
  status: string | null
  /** Its tables. */
  present: string[] | null
  /** Whether it lacks a migration, and whether it has had one that this program does not know. */
  is_behind: boolean
  is_ahead: boolean
}

/** Every schema that there is or should be, with its owner. */
function readSchemas({ platform }: App['database'], migrations: Migration[]) {
  const known = sql`array(select json_array_elements_text(${JSON.stringify(migrations.map(entryOf))}::text::json))`
  return platform.db.execute<SchemaRow>(sql`
    select coalesce(o.schema, n.nspname) as schema, o.owner, o.kind, o.status, to_json(n.tables) as present,
      coalesce(not v.applied @> ${known}, false) as is_behind, coalesce(not v.applied <@ ${known}, false) as is_ahead
    from (
      select schema, subdomain as owner, 'tenant' as kind, status from platform.tenants
      union all select schema, 'A spare', 'spare', null from platform.spare_schemas
    ) o
    full join (
      select n.nspname, array_agg(c.relname::text) filter (where c.relname is not null) as tables
      from pg_namespace n left join pg_class c on c.relnamespace = n.oid and c.relkind in ('r', 'p')
      where n.nspname ~ '^t_' group by n.nspname
    ) n on n.nspname = o.schema
    left join platform.schema_versions v on v.schema = o.schema
    order by 1`)
}

function faultsOf(row: SchemaRow, expected: string[]): string[] {
  const { schema, owner, kind, status, present, is_behind, is_ahead } = row
  if (owner === null)
    return [`Schema ${schema} belongs to no organisation. If you do not need it, run: tenantry doctor --remove-orphans`]
  // `checkStates` looks at its operation.
  if (status === 'purging') return []
  const tables = present ?? []
  if (tables.length === 0)
    return [
      `${owner} has no schema ${schema}. ${kind === 'tenant' ? `Restore it from a backup, or run: tenantry tenant delete ${owner} --now --yes` : 'Run: tenantry pool drain'}`,
    ]
  const missing = is_behind ? [] : expected.filter(table => !tables.includes(table))
  const unknown = is_ahead ? [] : tables.filter(table => !expected.includes(table))
  return [
    ...missing.map(table => `${owner} lacks the table ${schema}.${table}.`),
    ...unknown.map(table => `${owner} has an unknown table: ${schema}.${table}.`),
  ]
}

/** Image folders whose tenant no longer exists. */
export async function checkFiles(app: App): Promise<Check> {
  const orphans = await findOrphanFolders(app)
  return {
    name: 'files',
    found: counted(orphans.length, 'orphaned folder'),
    problems: orphans.map(
      name =>
        `The files in ${app.files.images.locate(name)} belong to no organisation. Run: tenantry doctor --remove-orphans`,
    ),
  }
}
