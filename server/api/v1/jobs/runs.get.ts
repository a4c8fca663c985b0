import { jobRunsQuery, listJobRuns } from '#server/domain/platform/job-runs.ts'
import { readPage } from '#server/http/list.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { page } from '#shared/answers/fields.ts'
import { jobRunAnswer } from '#shared/answers/platform.ts'
import { canReadTenants } from '#shared/permissions.ts'

/** What the scheduled jobs have done in the last days, newest first. */
export default definePlatformRoute(
  { summary: 'List runs of scheduled jobs', access: canReadTenants, query: jobRunsQuery, answer: page(jobRunAnswer) },
  ({ app, query, event }) => readPage(event, query, window => listJobRuns(app, query, window)),
)
