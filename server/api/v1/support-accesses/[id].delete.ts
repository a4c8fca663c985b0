import { endSupportAccess } from '#server/domain/support/end.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { canSupportTenants } from '#shared/permissions.ts'

/** Ends a support access and its session. */
export default definePlatformRoute(
  { summary: 'End a support access', access: canSupportTenants, status: 204 },
  ({ app, principal, params, audit }) => endSupportAccess(app, params.id!, principal.user.id, audit),
)
