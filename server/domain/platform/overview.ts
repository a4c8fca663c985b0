import { and, asc, count, desc, eq, isNotNull, isNull, lt, or, sql } from 'drizzle-orm'
import type { Migration } from '#server/database/migrations/files.ts'
import type { PlatformRealm } from '#server/database/realms.ts'
import type { App } from '#server/domain/context.ts'
import { isInState } from '#server/domain/signups/state.ts'
import type { TenantStatus } from '#shared/tenant-statuses.ts'
import { migrationState } from './migration-status.ts'

/** Days before a purge at which operators are reminded of it. */
const purgeNotice = 7

/**
 * The state of the platform and the open tasks of operators, in four parallel queries.
 * @param migrations all migrations of a tenant's schema
 */
export async function readOverview({ database: { platform } }: App, migrations: Migration[]) {
  const [tenants, waiting, newest, purges] = await Promise.all([
    countTenants(platform),
    countWaiting(platform, migrations),
    readNewest(platform),
    readPurges(platform),
  ])
  return { tenants, ...waiting, newest, purges }
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
