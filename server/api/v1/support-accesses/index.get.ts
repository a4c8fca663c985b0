import { and, count, desc, eq } from 'drizzle-orm'
import { z } from 'zod'
import { listQuery } from '#server/domain/lib/list-query.ts'
import { matchesSearch } from '#server/domain/lib/search.ts'
import { isOpenAccess } from '#server/domain/support/sessions.ts'
import { toPage, windowOf } from '#server/http/list.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { page } from '#shared/answers/fields.ts'
import { supportAccessAnswer } from '#shared/answers/support.ts'
import { canSupportTenants } from '#shared/permissions.ts'
import { choice } from '#shared/schemas/fields.ts'

const query = listQuery([], ['operator_email', 'reason', 'tenant_name']).extend({
  tenant: z.guid('Enter a valid UUID.').optional(),
  /** True: only live ones. */
  is_open: choice(['true']).optional(),
})

/** Support accesses: who signed in as whom, why and until when; newest first. */
export default definePlatformRoute(
  { access: canSupportTenants, query, answer: page(supportAccessAnswer) },
  async ({ authRealm, query, event }) => {
    const {
      db,
      tables: { support_accesses: accesses, tenants },
    } = authRealm.realm
    const joined = eq(tenants.id, accesses.tenant)
    const where = and(
      query.tenant ? eq(accesses.tenant, query.tenant) : undefined,
      query.is_open ? isOpenAccess() : undefined,
      matchesSearch(query.search, [accesses.operator_email, accesses.reason, tenants.name]),
    )
    const { id, tenant, user_id, operator_email, reason, is_read_only, created, opened_at, expires_at, ended_at } =
      accesses
    const window = windowOf(query)
    const [counted, rows] = await Promise.all([
      db.select({ count: count() }).from(accesses).innerJoin(tenants, joined).where(where),
      db
        .select({
          id,
          tenant,
          tenant_name: tenants.name,
          user_id,
          operator_email,
          reason,
          is_read_only,
          created,
          opened_at,
          expires_at,
          ended_at,
        })
        .from(accesses)
        .innerJoin(tenants, joined)
        .where(where)
        .orderBy(desc(created), id)
        .limit(window.limit)
        .offset(window.offset),
    ])
    return toPage(event, window, counted[0]!.count, rows)
  },
)
