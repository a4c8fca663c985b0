import { lastFleetMigration, requestFleetMigration } from '#server/domain/migrations/runs.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { requireRuntime } from '#server/runtime.ts'
import { migrationRunAnswer } from '#shared/answers/migrations.ts'
import { canManageTenants } from '#shared/permissions.ts'

/** As `runs/`, for those only whose migration has failed. */
export default definePlatformRoute(
  {
    summary: 'Retry the migrations that have failed',
    access: canManageTenants,
    idempotency: 'once',
    status: 202,
    answer: migrationRunAnswer,
  },
  async ({ app, audit }) => {
    await requestFleetMigration(app, audit, requireRuntime().migrations.tenant, { only_failed: true })
    return (await lastFleetMigration(app))!
  },
)
