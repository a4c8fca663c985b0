import { lastFleetMigration, requestFleetMigration } from '#server/domain/migrations/runs.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { requireRuntime } from '#server/runtime.ts'
import { migrationRunAnswer } from '#shared/answers/migrations.ts'
import { canManageTenants } from '#shared/permissions.ts'

/**
 * Starts a migration of every tenant's schema, or resumes the one that was paused, unless one is in progress;
 * `migrations/` has its progress.
 */
export default definePlatformRoute(
  {
    summary: 'Migrate all organisations',
    access: canManageTenants,
    idempotency: 'once',
    status: 202,
    answer: migrationRunAnswer,
  },
  async ({ app, audit }) => {
    await requestFleetMigration(app, audit, requireRuntime().migrations.tenant)
    return (await lastFleetMigration(app))!
  },
)
