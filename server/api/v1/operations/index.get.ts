import { and, count, eq } from 'drizzle-orm'
import { z } from 'zod'
import { listQuery, orderBy } from '#server/domain/lib/list-query.ts'
import { matchesSearch } from '#server/domain/lib/search.ts'
import { operationColumns } from '#server/domain/operations/operations.ts'
import { presentOperation } from '#server/domain/operations/present.ts'
import { toPage, windowOf } from '#server/http/list.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { page } from '#shared/answers/fields.ts'
import { operationAnswer } from '#shared/answers/operations.ts'
import { operationKinds, operationStates } from '#shared/operations.ts'
import { canReadTenants } from '#shared/permissions.ts'
import { choice } from '#shared/schemas/fields.ts'

const query = listQuery(['created'], ['kind', 'tenant_name'], '-created').extend({
  tenant: z.guid('Enter a valid UUID.').optional(),
  kind: choice(operationKinds).optional(),
  state: choice(operationStates).optional(),
})

/** Operations, newest first by default. */
export default definePlatformRoute(
  { access: canReadTenants, query, answer: page(operationAnswer) },
  async ({ authRealm, query, event }) => {
    const {
      db,
      tables: { operations, tenants },
    } = authRealm.realm
    const where = and(
      query.tenant ? eq(operations.tenant, query.tenant) : undefined,
      query.kind ? eq(operations.kind, query.kind) : undefined,
      query.state ? eq(operations.state, query.state) : undefined,
      matchesSearch(query.search, [operations.kind, tenants.name]),
    )
    const window = windowOf(query)
    const joined = eq(tenants.id, operations.tenant)
    const [counted, rows] = await Promise.all([
      db.select({ count: count() }).from(operations).leftJoin(tenants, joined).where(where),
      db
        .select({ ...operationColumns(operations), tenant_name: tenants.name })
        .from(operations)
        .leftJoin(tenants, joined)
        .where(where)
        .orderBy(...orderBy(query.ordering, { created: operations.created }, operations.id))
        .limit(window.limit)
        .offset(window.offset),
    ])
    return toPage(
      event,
      window,
      counted[0]!.count,
      rows.map(row => ({ ...presentOperation(row), tenant_name: row.tenant_name })),
    )
  },
)
