import type { SQL } from 'drizzle-orm'
import { sql } from 'drizzle-orm'
import type { Migration } from '#server/database/migrations/files.ts'
import { entryOf } from '#server/database/migrations/runner.ts'
import type { PlatformRealm } from '#server/database/realms.ts'
import type { MigrationState } from '#shared/answers/platform.ts'

export const migrationStates = ['current', 'behind', 'failed', 'missing'] as const satisfies MigrationState[]

/**
 * The migration state of a tenant's schema, for a query of tenants joined with their versions. A schema is behind if it
 * lacks any migration, also one that was merged late.
 * @param migrations all migrations of a tenant's schema
 */
export function migrationState(
  { schema_versions: versions }: PlatformRealm['tables'],
  migrations: Migration[],
): SQL<MigrationState> {
  const needed = JSON.stringify(migrations.map(entryOf))
  return sql<MigrationState>`case when ${versions.state} is null then 'missing' when ${versions.state} = 'failed' then 'failed'
    when ${versions.applied} @> array(select json_array_elements_text(${needed}::text::json)) then 'current' else 'behind' end`
}
