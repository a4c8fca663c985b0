import { z } from 'zod'
import { targetVersion } from '#server/database/migrations/files.ts'
import { readInsights } from '#server/domain/tenants/insights.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { requireRuntime } from '#server/runtime.ts'
import { insightsAnswer } from '#shared/answers/tenants.ts'
import { canReadTenants, canSupportTenants } from '#shared/permissions.ts'
import { choice } from '#shared/schemas/fields.ts'

const query = z.object({ days: choice(['30', '90']).default('30') })

/**
 * Its schema, its size, and the requests, errors, sign-ins and refusals of each of the last 30 or 90 days; for Support
 * also the newest events of its audit log.
 */
export default definePlatformRoute(
  { summary: 'Get the activity of an organisation', access: canReadTenants, query, answer: insightsAnswer },
  ({ app, principal, params, query }) =>
    readInsights(app, params.id!, {
      days: Number(query.days),
      withEvents: canSupportTenants(principal.user),
      target: targetVersion(requireRuntime().migrations.tenant),
    }),
)
