import { and, asc, count, desc, eq, gt, isNotNull, isNull, lt, or, sql } from 'drizzle-orm'
import type { Migration } from '#server/database/migrations/files.ts'
import type { PlatformRealm } from '#server/database/realms.ts'
import type { App } from '#server/domain/context.ts'
import { isInState } from '#server/domain/signups/state.ts'
import type { OverviewDay } from '#shared/answers/platform.ts'
import type { TenantStatus } from '#shared/tenant-statuses.ts'
import { migrationState } from '#server/domain/migrations/status.ts'

/** Days before a purge at which operators are reminded of it. */
const purgeNotice = 7

/** Days of the chart of requests, and days in which an organisation is among the busiest. */
const chartDays = 30
const busyDays = 7

/**
 * The state of the platform and the open tasks of operators, in parallel queries.
 * @param migrations all migrations of a tenant's schema
 */
export async function readOverview({ database: { platform } }: App, migrations: Migration[]) {
  const [tenants, waiting, newest, purges, days, busiest, storage] = await Promise.all([
    countTenants(platform),
    countWaiting(platform, migrations),
    readNewest(platform),
    readPurges(platform),
    readDays(platform),
    readBusiest(platform),
    readStorage(platform),
  ])
  return { tenants, ...waiting, newest, purges, days, busiest, storage }
}

async function countTenants({ db, tables: { tenants } }: PlatformRealm) {
  const rows = await db.select({ status: tenants.status, count: count() }).from(tenants).groupBy(tenants.status)
  return Object.fromEntries(rows.map(row => [row.status, row.count])) as Partial<Record<TenantStatus, number>>
}

async function countWaiting({ db, tables }: PlatformRealm, migrations: Migration[]) {
  const { tenants, schema_versions: versions, outbox, signups } = tables
  const migration = migrationState(tables, migrations)
  const rows = await db
    .select({
      failed_mails: sql<number>`(select count(*)::int from ${outbox} where ${and(isNull(outbox.sent_at), or(isNotNull(outbox.given_up_at), isNotNull(outbox.last_error)))})`,
      signups: sql<number>`(select count(*)::int from ${signups} where ${isInState(signups, 'waiting')})`,
      failed_migrations: sql<number>`(count(*) filter (where ${migration} = 'failed'))::int`,
      behind: sql<number>`(count(*) filter (where ${migration} in ('behind', 'missing')))::int`,
      current: sql<number>`(count(*) filter (where ${migration} = 'current'))::int`,
    })
    .from(tenants)
    .leftJoin(versions, eq(versions.schema, tenants.schema))
  return rows[0]!
}

function readNewest({ db, tables: { tenants } }: PlatformRealm) {
  const { id, name, subdomain, status, created } = tenants
  return db.select({ id, name, subdomain, status, created }).from(tenants).orderBy(desc(created), id).limit(5)
}

async function readPurges({ db, tables: { tenants } }: PlatformRealm) {
  const { id, name, subdomain, purge_after } = tenants
  const isSoon = lt(purge_after, sql`now() + make_interval(days => ${purgeNotice})`)
  const rows = await db
    .select({ id, name, subdomain, purge_after })
    .from(tenants)
    .where(and(eq(tenants.status, 'deleting'), isSoon))
    .orderBy(asc(purge_after))
    .limit(20)
  return rows.map(row => ({ ...row, purge_after: row.purge_after! }))
}

/** What happened at all portals by day, also on days on which nothing did. */
function readDays({ db, tables: { tenant_days: days, outbox } }: PlatformRealm) {
  const calendar = sql`generate_series((now() at time zone 'utc')::date - ${chartDays - 1}::int, (now() at time zone 'utc')::date, interval '1 day')`
  const failed = sql`select count(*)::int from ${outbox} where (${outbox.given_up_at} at time zone 'utc')::date = calendar.day::date`
  return db.execute<OverviewDay>(sql`
    select to_char(calendar.day, 'YYYY-MM-DD') as day,
      coalesce(sum(${days.requests}), 0)::int as requests, coalesce(sum(${days.errors}), 0)::int as errors,
      coalesce(sum(${days.sign_ins}), 0)::int as sign_ins,
      coalesce(sum(${days.failed_sign_ins}), 0)::int as failed_sign_ins,
      (${failed}) as failed_mails
    from ${calendar} as calendar(day) left join ${days} on ${days.day} = calendar.day::date
    group by calendar.day order by calendar.day`)
}

/** @returns the bytes of the whole database */
async function readStorage({ db }: PlatformRealm): Promise<number> {
  const rows = await db.execute<{ size: number }>(sql`select pg_database_size(current_database())::float8 as size`)
  return rows[0]!.size
}

function readBusiest({ db, tables: { tenants, tenant_days: days } }: PlatformRealm) {
  const { id, name, subdomain, status } = tenants
  const requests = sql<number>`sum(${days.requests})::int`
  return db
    .select({ id, name, subdomain, status, requests })
    .from(days)
    .innerJoin(tenants, eq(tenants.id, days.tenant))
    .where(gt(days.day, sql`((now() at time zone 'utc')::date - ${busyDays}::int)`))
    .groupBy(id, name, subdomain, status)
    .orderBy(desc(requests), id)
    .limit(5)
}
