import { planMigrations } from '#server/database/migrations/plan.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { requireRuntime } from '#server/runtime.ts'
import { migrationPlanAnswer } from '#shared/answers/migrations.ts'
import { canReadTenants } from '#shared/permissions.ts'

/** What a migration of all tenants would do: its statements, what they lock, and how much they touch. */
export default definePlatformRoute(
  { summary: 'Show what migrating all organisations would do', access: canReadTenants, answer: migrationPlanAnswer },
  ({ app }) => planMigrations(app.database, requireRuntime().migrations),
)
