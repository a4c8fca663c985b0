import { sql } from 'drizzle-orm'
import { check, text, varchar } from 'drizzle-orm/pg-core'
import type { TableFactory } from '#drizzle/table-factory.ts'
import { moment } from '#drizzle/table-factory.ts'

/** The schemas of the database, and the version of each. */
export function schemaTables(table: TableFactory) {
  return {
    spare_schemas: spareSchemasTable(table),
    schema_versions: schemaVersionsTable(table),
  }
}

/** Schemas that are made in advance, for tenants to come; `schema_versions` says how far each is. */
function spareSchemasTable(table: TableFactory) {
  return table(
    'spare_schemas',
    {
      schema: varchar({ length: 63 }).primaryKey(),
      created: moment().notNull(),
    },
    () => [check('spare_schemas_name', sql`schema ~ '^t_[a-z0-9_]+$'`)],
  )
}

/** What has been done to each schema, by its name: the one place where versions are kept. */
function schemaVersionsTable(table: TableFactory) {
  return table('schema_versions', {
    schema: varchar({ length: 63 }).primaryKey(),
    /** `name checksum` of each migration that has been applied, oldest first. */
    applied: text().array().notNull(),
    /** Migrations that a program must know to work with this schema, because of those that it has had. */
    needed: text().array().notNull().default([]),
    /** Name of the newest one. */
    version: text().notNull(),
    state: text({ enum: ['migrated', 'failed'] })
      .notNull()
      .default('migrated'),
    error: text(),
    updated: moment().notNull(),
  })
}
