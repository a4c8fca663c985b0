import { requestSupportAccess } from '#server/domain/support/request.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { supportLinkAnswer } from '#shared/answers/support.ts'
import { canSupportTenants } from '#shared/permissions.ts'
import { supportRequestSchema } from '#shared/schemas/support.ts'

/**
 * Returns a link with which the operator signs in as the user, once and within a minute. 403 `support_refused` if the
 * organisation does not allow it.
 */
export default definePlatformRoute(
  {
    summary: 'Request support access',
    access: canSupportTenants,
    reauthentication: true,
    idempotency: 'once',
    body: supportRequestSchema,
    status: 201,
    answer: supportLinkAnswer,
  },
  ({ app, principal, params, body, audit }) => requestSupportAccess(app, params.id!, body, principal.user, audit),
)
