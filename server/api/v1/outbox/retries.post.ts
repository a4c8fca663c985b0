import { retryOutbox } from '#server/domain/mail/outbox-admin.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { canSupportTenants } from '#shared/permissions.ts'

/** Retries all mails at once that were given up or have waited for long. */
export default definePlatformRoute({ access: canSupportTenants }, async ({ app, audit }) => ({
  retried: await retryOutbox(app, audit),
}))
