import { targetVersion } from '#server/database/migrations/files.ts'
import { lastFleetMigration } from '#server/domain/migrations/runs.ts'
import { countSchemaStates, listSchemaVersions, migrationsQuery } from '#server/domain/migrations/status.ts'
import { readPage } from '#server/http/list.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { requireRuntime } from '#server/runtime.ts'
import { migrationsAnswer } from '#shared/answers/migrations.ts'
import { canReadTenants } from '#shared/permissions.ts'

/** Each tenant's schema version, the counts by state, and the current or last run. */
export default definePlatformRoute(
  {
    summary: 'List the schema version of each organisation',
    access: canReadTenants,
    query: migrationsQuery,
    answer: migrationsAnswer,
  },
  async ({ app, authRealm: { realm }, query, event }) => {
    const { migrations } = requireRuntime()
    const [page, counts, run] = await Promise.all([
      readPage(event, query, window => listSchemaVersions(realm, migrations.tenant, query, window)),
      countSchemaStates(realm, migrations.tenant),
      lastFleetMigration(app),
    ])
    return { ...page, target: targetVersion(migrations.tenant), counts, run }
  },
)
