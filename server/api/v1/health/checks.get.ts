import { examine } from '#server/domain/platform/doctor.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { requireRuntime } from '#server/runtime.ts'
import { checksAnswer } from '#shared/answers/platform.ts'
import { canManageTenants } from '#shared/permissions.ts'

/** What `tenantry doctor` finds. It reads something of every organisation, which takes a while if there are many. */
export default definePlatformRoute(
  { summary: 'Check the installation', access: canManageTenants, answer: checksAnswer },
  async ({ app }) => ({ checks: await examine(app, requireRuntime().migrations) }),
)
