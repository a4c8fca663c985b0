import type { z } from 'zod'
import type { App } from '#server/domain/context.ts'
import { alphabetical, orderBy } from '#server/domain/lib/list-query.ts'
import type { Window } from '#server/domain/lib/window.ts'
import { readWindow } from '#server/domain/lib/window.ts'
import { presentTenant } from './present.ts'
import type { tenantsQuery } from './query.ts'
import { tenantsFilter } from './query.ts'
import { tenantColumns } from './tenants.ts'
import { readVitals } from './vitals.ts'

/** Tenants as the API shows them. */
export async function listTenants(app: App, query: z.output<typeof tenantsQuery>, window: Window) {
  const { db, tables } = app.database.platform
  const { tenants } = tables
  const { name, subdomain, created, updated, status } = tenants
  const where = tenantsFilter(tables, query)
  const { count, rows } = await readWindow(
    db.$count(tenants, where),
    db
      .select(tenantColumns(tenants))
      .from(tenants)
      .where(where)
      .orderBy(
        ...orderBy(query.ordering, { name: alphabetical(name), subdomain, created, updated, status }, tenants.id),
      ),
    window,
  )
  const vitals = await readVitals(app, rows)
  return { count, rows: rows.map(row => ({ ...presentTenant(app.config, row), ...vitals.get(row.id)! })) }
}
