import { recordAudit } from '#server/domain/audit/audit.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { requireRuntime } from '#server/runtime.ts'
import { migrationRunAnswer } from '#shared/answers/platform.ts'
import { canManageTenants } from '#shared/permissions.ts'

/** Starts a migration of every tenant's schema; `migrations/` has its progress. */
export default definePlatformRoute(
  { access: canManageTenants, status: 202, answer: migrationRunAnswer },
  async ({ authRealm: { realm }, audit }) => {
    await recordAudit(realm.db, realm, audit, { action: 'tenants.migrated' })
    return requireRuntime().fleetRuns.start()
  },
)
