import { and, eq, sql } from 'drizzle-orm'
import { canSupportTenants } from '../../../../../../shared/permissions.ts'
import { tenantRealmOf } from '../../../../../domain/tenant-origins.ts'
import { requireTenant } from '../../../../../domain/tenants.ts'
import { matchesPeople } from '../../../../../http/directory-query.ts'
import { listQuery, toPage, windowOf } from '../../../../../http/list.ts'
import { definePlatformRoute } from '../../../../../http/route.ts'

/** Whom an operator may sign in as, for support: active people, and no more of them than it takes to choose one. */
export default definePlatformRoute({ access: canSupportTenants, query: listQuery([], ['first_name', 'last_name', 'email']) }, async ({ app, params, query, event }) => {
  const { realm: { schema, db, tables: { users } } } = tenantRealmOf(app, await requireTenant(app, { id: params.id! }))
  const where = and(eq(users.is_active, true), matchesPeople(schema, query.search, [sql`${users.search}`]))
  const window = windowOf(query)
  const [count, rows] = await Promise.all([
    db.$count(users, where),
    db.select({ id: users.id, email: users.email, first_name: users.first_name, last_name: users.last_name, role: users.role })
      .from(users).where(where).orderBy(users.last_name, users.first_name, users.id).limit(window.limit).offset(window.offset),
  ])
  return toPage(event, window, count, rows)
})
