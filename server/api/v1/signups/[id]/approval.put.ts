import { canDecideSignups } from '../../../../../shared/permissions.ts'
import { approveSignup } from '../../../../domain/signup-decisions.ts'
import { presentSignup } from '../../../../http/present.ts'
import { definePlatformRoute } from '../../../../http/route.ts'
import { requireRuntime } from '../../../../runtime.ts'

export default definePlatformRoute({ access: canDecideSignups }, async ({ app, params, origin }) =>
  presentSignup(await approveSignup(app, requireRuntime().migrations.tenant, params.id!, origin)))
