import { retryOutbox } from '#server/domain/mail/outbox-admin.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { canSupportTenants } from '#shared/permissions.ts'

/** Has every mail tried again at once that was given up or waits for long. */
export default definePlatformRoute({ access: canSupportTenants }, async ({ app, origin }) => ({
  retried: await retryOutbox(app, origin),
}))
