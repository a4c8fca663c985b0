import { requestJob } from '#server/domain/platform/job-runs.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { requestedJobAnswer } from '#shared/answers/platform.ts'
import { canManageTenants } from '#shared/permissions.ts'

/** Runs a scheduled job now; `jobs/runs/` has its result. 404 if there is none of this name. */
export default definePlatformRoute(
  {
    summary: 'Run a scheduled job',
    access: canManageTenants,
    idempotency: 'once',
    status: 202,
    answer: requestedJobAnswer,
  },
  async ({ app, params, audit }) => {
    await requestJob(app, params.name!, audit)
    return { name: params.name! }
  },
)
