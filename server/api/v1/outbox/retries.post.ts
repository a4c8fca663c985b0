import { retryOutbox } from '#server/domain/mail/outbox-admin.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { retriesAnswer } from '#shared/answers/mail.ts'
import { canSupportTenants } from '#shared/permissions.ts'

/** Retries all mails at once that were given up or have waited for long. */
export default definePlatformRoute(
  { summary: 'Retry all failed mails', access: canSupportTenants, answer: retriesAnswer },
  async ({ app, audit }) => ({
    retried: await retryOutbox(app, audit),
  }),
)
