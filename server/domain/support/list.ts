import { and, count, desc, eq } from 'drizzle-orm'
import { z } from 'zod'
import type { PlatformRealm } from '#server/database/realms.ts'
import { listQuery } from '#server/domain/lib/list-query.ts'
import { matchesSearch } from '#server/domain/lib/search.ts'
import type { Window } from '#server/domain/lib/window.ts'
import { readWindow } from '#server/domain/lib/window.ts'
import { choice } from '#shared/schemas/fields.ts'
import { isOpenAccess } from './sessions.ts'

export const accessesQuery = listQuery([], ['operator_email', 'reason', 'tenant_name']).extend({
  tenant: z.guid('Enter a valid UUID.').optional(),
  /** True: only live ones. */
  is_open: choice(['true']).optional(),
})

/** Support accesses, newest first. */
export function listAccesses({ db, tables }: PlatformRealm, query: z.output<typeof accessesQuery>, window: Window) {
  const { support_accesses: accesses, tenants } = tables
  const joined = eq(tenants.id, accesses.tenant)
  const where = and(
    query.tenant ? eq(accesses.tenant, query.tenant) : undefined,
    query.is_open ? isOpenAccess() : undefined,
    matchesSearch(query.search, [accesses.operator_email, accesses.reason, tenants.name]),
  )
  return readWindow(
    db.select({ count: count() }).from(accesses).innerJoin(tenants, joined).where(where),
    db
      .select(accessColumns(tables))
      .from(accesses)
      .innerJoin(tenants, joined)
      .where(where)
      .orderBy(desc(accesses.created), accesses.id),
    window,
  )
}

function accessColumns({ support_accesses: accesses, tenants }: PlatformRealm['tables']) {
  return {
    id: accesses.id,
    tenant: accesses.tenant,
    tenant_name: tenants.name,
    user_id: accesses.user_id,
    operator_email: accesses.operator_email,
    reason: accesses.reason,
    is_read_only: accesses.is_read_only,
    created: accesses.created,
    opened_at: accesses.opened_at,
    expires_at: accesses.expires_at,
    ended_at: accesses.ended_at,
  }
}
