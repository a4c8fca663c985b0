import { requestFleetMigration } from '#server/domain/platform/fleet-migration.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { migrationRunAnswer } from '#shared/answers/platform.ts'
import { canManageTenants } from '#shared/permissions.ts'

/** Starts a migration of every tenant's schema, unless one is in progress; `migrations/` has its progress. */
export default definePlatformRoute(
  {
    summary: 'Migrate all organisations',
    access: canManageTenants,
    idempotency: 'once',
    status: 202,
    answer: migrationRunAnswer,
  },
  ({ app, audit }) => requestFleetMigration(app, audit),
)
