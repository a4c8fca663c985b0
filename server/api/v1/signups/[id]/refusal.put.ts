import { canDecideSignups } from '../../../../../shared/permissions.ts'
import { refusalSchema } from '../../../../../shared/schemas/signup.ts'
import { refuseSignup } from '../../../../domain/signup-decisions.ts'
import { presentSignup } from '../../../../http/present.ts'
import { definePlatformRoute } from '../../../../http/route.ts'

export default definePlatformRoute({ access: canDecideSignups, body: refusalSchema }, async ({ app, params, body, origin }) =>
  presentSignup(await refuseSignup(app, params.id!, body.reason, origin)))
