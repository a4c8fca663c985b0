import { eq, inArray, max } from 'drizzle-orm'
import { readSizes } from '#server/database/citus.ts'
import type { App } from '#server/domain/context.ts'
import type { TenantRow } from './tenants.ts'

/** What operators see of a tenant in a list: active people, bytes in the database, and the last day with requests. */
export interface TenantVitals {
  /** Null if its schema cannot be read. */
  people: number | null
  size: number
  /** Such as `2026-11-29`, in UTC. */
  last_active: string | null
}

/** @returns by the tenant's id */
export async function readVitals(app: App, tenants: TenantRow[]): Promise<Map<string, TenantVitals>> {
  if (tenants.length === 0) return new Map()
  const [people, sizes, days] = await Promise.all([
    Promise.all(tenants.map(tenant => countPeople(app, tenant))),
    readSizes(
      app.database,
      tenants.map(({ schema }) => schema),
    ),
    readLastDays(app, tenants),
  ])
  return new Map(
    tenants.map(({ id, schema }, at) => [
      id,
      { people: people[at]!, size: sizes.get(schema) ?? 0, last_active: days.get(id) ?? null },
    ]),
  )
}

async function countPeople({ database }: App, { schema }: TenantRow): Promise<number | null> {
  const { db, tables } = database.tenant(schema)
  return db.$count(tables.users, eq(tables.users.is_active, true)).catch(() => null)
}

async function readLastDays({ database: { platform } }: App, tenants: TenantRow[]): Promise<Map<string, string>> {
  const { tenant_days: days } = platform.tables
  const ids = tenants.map(({ id }) => id)
  const rows = await platform.db
    .select({ tenant: days.tenant, day: max(days.day) })
    .from(days)
    .where(inArray(days.tenant, ids))
    .groupBy(days.tenant)
  return new Map(rows.map(({ tenant, day }) => [tenant, day!]))
}
