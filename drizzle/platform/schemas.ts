import { sql } from 'drizzle-orm'
import { check, text, varchar } from 'drizzle-orm/pg-core'
import type { TableFactory } from '#drizzle/table-factory.ts'
import { moment } from '#drizzle/table-factory.ts'

/** The schemas of the database, and the version of each. */
export function schemaTables(table: TableFactory) {
  /** Spare schemas for future tenants; `schema_versions` has their version. */
  const spare_schemas = table(
    'spare_schemas',
    {
      schema: varchar({ length: 63 }).primaryKey(),
      created: moment().notNull(),
    },
    () => [check('spare_schemas_name', sql`schema ~ '^t_[a-z0-9_]+$'`)],
  )

  /** The applied migrations of each schema, by its name. Versions are stored only here. */
  const schema_versions = table('schema_versions', {
    schema: varchar({ length: 63 }).primaryKey(),
    /** `name checksum` of each migration that has been applied, oldest first. */
    applied: text().array().notNull(),
    /** Name of the newest one. */
    version: text().notNull(),
    state: text({ enum: ['migrated', 'failed'] })
      .notNull()
      .default('migrated'),
    error: text(),
    updated: moment().notNull(),
  })

  return { spare_schemas, schema_versions }
}
