import { asc } from 'drizzle-orm'
import type { z } from 'zod'
import type { App } from '#server/domain/context.ts'
import { listQuery } from '#server/domain/lib/list-query.ts'
import type { Window } from '#server/domain/lib/window.ts'
import { readWindow } from '#server/domain/lib/window.ts'
import { tenantSearches, tenantsFilter } from '#server/domain/tenants/query.ts'
import { summarizeKeys } from './rotate.ts'

export const tenantKeysQuery = listQuery([], tenantSearches)

/** The state of each tenant's signing keys, by subdomain: two queries, and one for each tenant in the window. */
export async function listTenantKeys(app: App, query: z.output<typeof tenantKeysQuery>, window: Window) {
  const { db, tables } = app.database.platform
  const { id, name, subdomain, schema } = tables.tenants
  const where = tenantsFilter(tables, query)
  const { count, rows } = await readWindow(
    db.$count(tables.tenants, where),
    db.select({ id, name, subdomain, schema }).from(tables.tenants).where(where).orderBy(asc(subdomain)),
    window,
  )
  const summaries = rows.map(async ({ schema, ...tenant }) => ({
    tenant,
    keys: await summarizeKeys(app, { kind: 'tenant', id: tenant.id, schema }),
  }))
  return { count, rows: await Promise.all(summaries) }
}
