import { canSupportTenants } from '../../../../../../shared/permissions.ts'
import { supportRequestSchema } from '../../../../../../shared/schemas/support.ts'
import { requestSupportAccess } from '../../../../../domain/support-access.ts'
import { definePlatformRoute } from '../../../../../http/route.ts'

/** Answers with a link by which the operator signs in as the user, once and within a minute. */
export default definePlatformRoute({ access: canSupportTenants, body: supportRequestSchema, status: 201 }, ({ app, principal, params, body, origin }) =>
  requestSupportAccess(app, params.id!, body, principal.user, origin))
