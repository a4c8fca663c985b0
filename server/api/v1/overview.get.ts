import { readOverview } from '#server/domain/platform/overview.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { requireRuntime } from '#server/runtime.ts'
import { canReadTenants } from '#shared/permissions.ts'

export default definePlatformRoute({ access: canReadTenants }, ({ app }) =>
  readOverview(app, requireRuntime().migrations.tenant),
)
