import { and, eq, sql } from 'drizzle-orm'
import { listQuery } from '#server/domain/lib/list-query.ts'
import { tenantRealmOf } from '#server/domain/tenants/origins.ts'
import { requireTenant } from '#server/domain/tenants/tenants.ts'
import { matchesPeople } from '#server/domain/users/directory-query.ts'
import { toPage, windowOf } from '#server/http/list.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { page } from '#shared/answers/fields.ts'
import { supportableUserAnswer } from '#shared/answers/support.ts'
import { canSupportTenants } from '#shared/permissions.ts'

/** The users whom an operator may sign in as, for support: active ones, and only the first few matches. */
export default definePlatformRoute(
  {
    access: canSupportTenants,
    query: listQuery([], ['first_name', 'last_name', 'email']),
    answer: page(supportableUserAnswer),
  },
  async ({ app, params, query, event }) => {
    const {
      realm: {
        schema,
        db,
        tables: { users },
      },
    } = tenantRealmOf(app, await requireTenant(app, { id: params.id! }))
    const where = and(eq(users.is_active, true), matchesPeople(schema, query.search, [sql`${users.search}`]))
    const window = windowOf(query)
    const [count, rows] = await Promise.all([
      db.$count(users, where),
      db
        .select({
          id: users.id,
          email: users.email,
          first_name: users.first_name,
          last_name: users.last_name,
          role: users.role,
        })
        .from(users)
        .where(where)
        .orderBy(users.last_name, users.first_name, users.id)
        .limit(window.limit)
        .offset(window.offset),
    ])
    return toPage(event, window, count, rows)
  },
)
