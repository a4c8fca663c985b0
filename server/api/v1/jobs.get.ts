import { canReadTenants } from '../../../shared/permissions.ts'
import { readJobQueues } from '../../domain/job-queues.ts'
import { definePlatformRoute } from '../../http/route.ts'

export default definePlatformRoute({ access: canReadTenants }, ({ app }) => readJobQueues(app))
