import { readJobQueues } from '#server/domain/platform/job-queues.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { z } from 'zod'
import { jobQueueAnswer } from '#shared/answers/platform.ts'
import { canReadTenants } from '#shared/permissions.ts'

export default definePlatformRoute(
  { summary: 'List scheduled jobs', access: canReadTenants, answer: z.array(jobQueueAnswer) },
  ({ app }) => readJobQueues(app),
)
