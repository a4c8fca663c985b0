import { readOverview } from '#server/domain/platform/overview.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { requireRuntime } from '#server/runtime.ts'
import { overviewAnswer } from '#shared/answers/platform.ts'
import { canReadTenants } from '#shared/permissions.ts'

/**
 * Organisations by status, open tasks of operators, the newest and the busiest organisations, storage in bytes, and
 * what happened on each of the last 30 days.
 */
export default definePlatformRoute(
  { summary: 'Get the overview of the platform', access: canReadTenants, answer: overviewAnswer },
  ({ app }) => readOverview(app, requireRuntime().migrations.tenant),
)
