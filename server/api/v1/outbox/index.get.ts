import { listMails, outboxQuery } from '#server/domain/mail/outbox-admin.ts'
import { readPage } from '#server/http/list.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { page } from '#shared/answers/fields.ts'
import { outboxMailAnswer } from '#shared/answers/mail.ts'
import { canSupportTenants } from '#shared/permissions.ts'

/** Waiting mails and those of the last 30 days, newest first: kind and recipient, never the content. */
export default definePlatformRoute(
  { summary: 'List mails', access: canSupportTenants, query: outboxQuery, answer: page(outboxMailAnswer) },
  ({ authRealm, query, event }) => readPage(event, query, window => listMails(authRealm.realm, query, window)),
)
