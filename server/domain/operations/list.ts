import { and, count, eq } from 'drizzle-orm'
import { z } from 'zod'
import type { PlatformRealm } from '#server/database/realms.ts'
import { listQuery, orderBy } from '#server/domain/lib/list-query.ts'
import { matchesSearch } from '#server/domain/lib/search.ts'
import type { Window } from '#server/domain/lib/window.ts'
import { readWindow } from '#server/domain/lib/window.ts'
import { operationKinds, operationStates } from '#shared/operations.ts'
import { choice } from '#shared/schemas/fields.ts'
import { operationColumns } from './operations.ts'
import { presentOperation } from './present.ts'

export const operationsQuery = listQuery(['created'], ['kind', 'tenant_name'], '-created').extend({
  tenant: z.guid('Enter a valid UUID.').optional(),
  kind: choice(operationKinds).optional(),
  state: choice(operationStates).optional(),
})

/** Operations as the API shows them, each with its tenant's name. */
export async function listOperations(
  { db, tables: { operations, tenants } }: PlatformRealm,
  query: z.output<typeof operationsQuery>,
  window: Window,
) {
  const where = and(
    query.tenant ? eq(operations.tenant, query.tenant) : undefined,
    query.kind ? eq(operations.kind, query.kind) : undefined,
    query.state ? eq(operations.state, query.state) : undefined,
    matchesSearch(query.search, [operations.kind, tenants.name]),
  )
  const joined = eq(tenants.id, operations.tenant)
  const { count: total, rows } = await readWindow(
    db.select({ count: count() }).from(operations).leftJoin(tenants, joined).where(where),
    db
      .select({ ...operationColumns(operations), tenant_name: tenants.name })
      .from(operations)
      .leftJoin(tenants, joined)
      .where(where)
      .orderBy(...orderBy(query.ordering, { created: operations.created }, operations.id)),
    window,
  )
  return { count: total, rows: rows.map(row => ({ ...presentOperation(row), tenant_name: row.tenant_name })) }
}
