import { readOverview } from '#server/domain/platform/overview.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { requireRuntime } from '#server/runtime.ts'
import { overviewAnswer } from '#shared/answers/platform.ts'
import { canReadTenants } from '#shared/permissions.ts'

export default definePlatformRoute(
  { summary: 'Get the overview of the platform', access: canReadTenants, answer: overviewAnswer },
  ({ app }) => readOverview(app, requireRuntime().migrations.tenant),
)
