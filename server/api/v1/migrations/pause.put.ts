import { stopFleetMigration } from '#server/domain/migrations/runs.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { canManageTenants } from '#shared/permissions.ts'

/**
 * Pauses the migration of all tenants, wherever it runs; `POST migrations/runs/` resumes it. Without one in progress,
 * nothing changes.
 */
export default definePlatformRoute(
  { summary: 'Pause the migration of all organisations', access: canManageTenants, status: 204 },
  async ({ app, audit }) => {
    await stopFleetMigration(app, audit, 'pause')
  },
)
