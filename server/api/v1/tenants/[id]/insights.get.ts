import { z } from 'zod'
import { canReadTenants, canSupportTenants } from '../../../../../shared/permissions.ts'
import { choice } from '../../../../../shared/schemas/fields.ts'
import { targetVersion } from '../../../../database/migrations.ts'
import { readInsights } from '../../../../domain/insights.ts'
import { definePlatformRoute } from '../../../../http/route.ts'
import { requireRuntime } from '../../../../runtime.ts'

const query = z.object({ days: choice(['30', '90']).default('30') })

export default definePlatformRoute({ access: canReadTenants, query }, ({ app, principal, params, query }) =>
  readInsights(app, params.id!, { days: Number(query.days), withEvents: canSupportTenants(principal.user), target: targetVersion(requireRuntime().migrations.tenant) }))
