import { retryOutbox } from '#server/domain/mail/outbox-admin.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { canSupportTenants } from '#shared/permissions.ts'

/** Has one mail tried again at once; 404 where it is sent, or being sent. */
export default definePlatformRoute({ access: canSupportTenants }, async ({ app, params, origin }) => ({
  retried: await retryOutbox(app, origin, params.id!),
}))
