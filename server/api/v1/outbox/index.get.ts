import { and, count, desc, eq, sql } from 'drizzle-orm'
import { z } from 'zod'
import { listQuery } from '#server/domain/lib/list-query.ts'
import { matchesSearch } from '#server/domain/lib/search.ts'
import { inMailState, mailState, mailStates } from '#server/domain/mail/outbox-admin.ts'
import { toPage, windowOf } from '#server/http/list.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { page } from '#shared/answers/fields.ts'
import { outboxMailAnswer } from '#shared/answers/mail.ts'
import { canSupportTenants } from '#shared/permissions.ts'
import { choice } from '#shared/schemas/fields.ts'

const query = listQuery([], ['recipient', 'kind']).extend({
  state: choice(mailStates).optional(),
  tenant: z.guid('Enter a valid UUID.').optional(),
})

/** Waiting mails and those of the last 30 days, newest first: kind and recipient, never the content. */
export default definePlatformRoute(
  { access: canSupportTenants, query, answer: page(outboxMailAnswer) },
  async ({ authRealm, query, event }) => {
    const {
      db,
      tables: { outbox, tenants },
    } = authRealm.realm
    const where = and(
      query.state && inMailState(outbox, query.state),
      query.tenant ? eq(outbox.realm, query.tenant) : undefined,
      matchesSearch(query.search, [outbox.recipient, outbox.kind]),
    )
    const window = windowOf(query)
    const [counted, rows] = await Promise.all([
      db.select({ count: count() }).from(outbox).where(where),
      db
        .select({
          id: outbox.id,
          kind: outbox.kind,
          recipient: outbox.recipient,
          tenant: tenants.id,
          tenant_name: tenants.name,
          state: mailState(outbox),
          attempts: outbox.attempts,
          last_error: outbox.last_error,
          created: outbox.created,
          due_at: outbox.due_at,
          sent_at: outbox.sent_at,
        })
        .from(outbox)
        .leftJoin(tenants, sql`${tenants.id} = nullif(${outbox.realm}, 'platform')::uuid`)
        .where(where)
        .orderBy(desc(outbox.created), outbox.id)
        .limit(window.limit)
        .offset(window.offset),
    ])
    return toPage(event, window, counted[0]!.count, rows)
  },
)
