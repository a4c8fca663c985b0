import { retryOutbox } from '#server/domain/mail/outbox-admin.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { retriesAnswer } from '#shared/answers/mail.ts'
import { canSupportTenants } from '#shared/permissions.ts'

/** Retries one mail at once; 404 if it was sent or is being sent. */
export default definePlatformRoute(
  { summary: 'Retry a mail', access: canSupportTenants, answer: retriesAnswer },
  async ({ app, params, audit }) => ({
    retried: await retryOutbox(app, audit, params.id!),
  }),
)
