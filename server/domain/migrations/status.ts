import type { SQL } from 'drizzle-orm'
import { and, count, eq, ne, sql } from 'drizzle-orm'
import type { z } from 'zod'
import type { Migration } from '#server/database/migrations/files.ts'
import { entryOf } from '#server/database/migrations/records.ts'
import type { PlatformRealm } from '#server/database/realms.ts'
import { listQuery, orderBy } from '#server/domain/lib/list-query.ts'
import { matchesSearch } from '#server/domain/lib/search.ts'
import type { Window } from '#server/domain/lib/window.ts'
import { readWindow } from '#server/domain/lib/window.ts'
import type { MigrationState } from '#shared/answers/migrations.ts'
import { choice } from '#shared/schemas/fields.ts'

const migrationStates = ['current', 'behind', 'failed', 'missing'] as const satisfies MigrationState[]

export const migrationsQuery = listQuery(['name', 'subdomain', 'updated'], ['name', 'subdomain'], 'subdomain').extend({
  state: choice(migrationStates).optional(),
})

/**
 * Each tenant's schema version and state.
 * @param migrations all that a tenant's schema needs
 */
export function listSchemaVersions(
  { db, tables }: PlatformRealm,
  migrations: Migration[],
  query: z.output<typeof migrationsQuery>,
  window: Window,
) {
  const { tenants, schema_versions: versions } = tables
  const state = migrationState(tables, migrations)
  const joined = eq(versions.schema, tenants.schema)
  const where = and(
    query.state && sql`${state} = ${query.state}`,
    matchesSearch(query.search, [tenants.name, tenants.subdomain]),
  )
  const columns = { name: tenants.name, subdomain: tenants.subdomain, updated: versions.updated }
  return readWindow(
    db.select({ count: count() }).from(tenants).leftJoin(versions, joined).where(where),
    db
      .select({ tenant: tenants.id, ...columns, version: versions.version, state, error: versions.error })
      .from(tenants)
      .leftJoin(versions, joined)
      .where(where)
      .orderBy(...orderBy(query.ordering, columns, tenants.id)),
    window,
  )
}

/** How many tenants' schemas are in each state. */
export async function countSchemaStates(
  { db, tables }: PlatformRealm,
  migrations: Migration[],
): Promise<Partial<Record<MigrationState, number>>> {
  const { tenants, schema_versions: versions } = tables
  const state = migrationState(tables, migrations)
  const rows = await db
    .select({ state: sql<string>`${state}`.as('state'), count: count() })
    .from(tenants)
    .leftJoin(versions, eq(versions.schema, tenants.schema))
    .groupBy(sql`1`)
  return Object.fromEntries(rows.map(row => [row.state, row.count]))
}

/** How many tenants there are, and how many of their schemas lack any of the migrations. */
export async function countTenantsBehind(
  { db, tables }: PlatformRealm,
  migrations: Migration[],
): Promise<{ behind: number; total: number }> {
  const { tenants, schema_versions: versions } = tables
  const behind = sql<number>`(count(*) filter (where ${lacksAny(tables, migrations)}))::int`
  const rows = await db
    .select({ behind, total: count() })
    .from(tenants)
    .leftJoin(versions, eq(versions.schema, tenants.schema))
    .where(ne(tenants.status, 'purging'))
  return rows[0]!
}

/**
 * The migration state of a tenant's schema, for a query of tenants joined with their versions. A schema is behind if it
 * lacks any migration, also one that was merged late.
 * @param migrations all migrations of a tenant's schema
 */
export function migrationState(
  { schema_versions: versions }: PlatformRealm['tables'],
  migrations: Migration[],
): SQL<MigrationState> {
  return sql<MigrationState>`case when ${versions.state} is null then 'missing' when ${versions.state} = 'failed' then 'failed'
    when ${lacksAny({ schema_versions: versions }, migrations)} then 'behind' else 'current' end`
}

/** Whether a tenant's schema lacks any of the migrations, for a query of tenants joined with their versions. */
export function lacksAny(
  { schema_versions: versions }: Pick<PlatformRealm['tables'], 'schema_versions'>,
  migrations: Migration[],
): SQL<boolean> {
  const needed = JSON.stringify(migrations.map(entryOf))
  return sql<boolean>`not coalesce(${versions.applied} @> array(select json_array_elements_text(${needed}::text::json)), false)`
}
