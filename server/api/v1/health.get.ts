import { readHealth } from '#server/domain/platform/health.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { requireRuntime } from '#server/runtime.ts'
import { healthAnswer } from '#shared/answers/platform.ts'
import { canReadTenants } from '#shared/permissions.ts'

/** The health of this process and its database; other processes may differ. */
export default definePlatformRoute(
  { summary: 'Get the health of the platform', access: canReadTenants, answer: healthAnswer },
  ({ app }) => readHealth(app, requireRuntime().isListening()),
)
