import type { Sql } from 'postgres'
import type { Migration } from '#server/database/migrations/files.ts'

/** Brings a schema to the version before a migration, of whose kinds of statements it knows the opposites. */
export async function undoMigration(sql: Sql, schema: string, migration: Migration): Promise<void> {
  for (const statement of migration.statements.toReversed()) await sql.unsafe(oppositeOf(statement, schema))
  const entry = `${migration.name} ${migration.checksum}`
  await sql`update platform.schema_versions set applied = array_remove(applied, ${entry}) where schema = ${schema}`
}

function oppositeOf(statement: string, schema: string): string {
  const [, table, kind, name] =
    /^\s*alter table "(\w+)" add (column|constraint) "(\w+)"/i.exec(statement) ??
    /^\s*create table "(\w+)"/i.exec(statement)!
  return kind ? `alter table ${schema}.${table} drop ${kind} ${name}` : `drop table ${schema}.${table}`
}
