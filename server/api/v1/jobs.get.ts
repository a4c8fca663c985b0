import { readJobQueues } from '#server/domain/platform/job-queues.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { canReadTenants } from '#shared/permissions.ts'

export default definePlatformRoute({ access: canReadTenants }, ({ app }) => readJobQueues(app))
