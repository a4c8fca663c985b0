import { and, count, eq, sql } from 'drizzle-orm'
import { targetVersion } from '#server/database/migrations/files.ts'
import { listQuery, orderBy } from '#server/domain/lib/list-query.ts'
import { matchesSearch } from '#server/domain/lib/search.ts'
import { migrationState, migrationStates } from '#server/domain/platform/migration-status.ts'
import { toPage, windowOf } from '#server/http/list.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { requireRuntime } from '#server/runtime.ts'
import { migrationsAnswer } from '#shared/answers/platform.ts'
import { canReadTenants } from '#shared/permissions.ts'
import { choice } from '#shared/schemas/fields.ts'

const query = listQuery(['name', 'subdomain', 'updated'], ['name', 'subdomain'], 'subdomain').extend({
  state: choice(migrationStates).optional(),
})

/** Each tenant's schema version, the counts by state, and this process's current or last run. */
export default definePlatformRoute(
  { access: canReadTenants, query, answer: migrationsAnswer },
  async ({ authRealm, query, event }) => {
    const { db, tables } = authRealm.realm
    const { tenants, schema_versions: versions } = tables
    const { migrations, fleetRuns } = requireRuntime()
    const state = migrationState(tables, migrations.tenant)
    const joined = eq(versions.schema, tenants.schema)
    const where = and(
      query.state && sql`${state} = ${query.state}`,
      matchesSearch(query.search, [tenants.name, tenants.subdomain]),
    )
    const columns = { name: tenants.name, subdomain: tenants.subdomain, updated: versions.updated }
    const window = windowOf(query)
    const [counts, counted, rows] = await Promise.all([
      db
        .select({ state: sql<string>`${state}`.as('state'), count: count() })
        .from(tenants)
        .leftJoin(versions, joined)
        .groupBy(sql`1`),
      db.select({ count: count() }).from(tenants).leftJoin(versions, joined).where(where),
      db
        .select({ tenant: tenants.id, ...columns, version: versions.version, state, error: versions.error })
        .from(tenants)
        .leftJoin(versions, joined)
        .where(where)
        .orderBy(...orderBy(query.ordering, columns, tenants.id))
        .limit(window.limit)
        .offset(window.offset),
    ])
    return {
      ...toPage(event, window, counted[0]!.count, rows),
      target: targetVersion(migrations.tenant),
      counts: Object.fromEntries(counts.map(row => [row.state, row.count])),
      run: fleetRuns.last(),
    }
  },
)
