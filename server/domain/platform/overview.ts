import { and, asc, count, desc, eq, isNotNull, isNull, lt, or, sql } from 'drizzle-orm'
import type { Migration } from '#server/database/migrations/files.ts'
import type { App } from '#server/domain/context.ts'
import { isInState } from '#server/domain/signups/state.ts'
import { tenantColumns } from '#server/domain/tenants/tenants.ts'
import type { TenantStatus } from '#shared/tenant-statuses.ts'
import { migrationState } from './migration-status.ts'

/** Days before a purge at which operators are reminded of it. */
const purgeNotice = 7

/**
 * The state of the platform and the open tasks of operators, in four parallel queries.
 * @param migrations all migrations of a tenant's schema
 */
export async function readOverview({ database: { platform } }: App, migrations: Migration[]) {
  const {
    db,
    tables: { tenants, schema_versions: versions, outbox, signups },
  } = platform
  const migration = migrationState(platform.tables, migrations)
  const columns = tenantColumns(tenants)
  const [statuses, waiting, newest, purges] = await Promise.all([
    db.select({ status: tenants.status, count: count() }).from(tenants).groupBy(tenants.status),
    db
      .select({
        failed_mails: sql<number>`(select count(*)::int from ${outbox} where ${and(isNull(outbox.sent_at), or(isNotNull(outbox.given_up_at), isNotNull(outbox.last_error)))})`,
        signups: sql<number>`(select count(*)::int from ${signups} where ${isInState(signups, 'waiting')})`,
        failed_migrations: sql<number>`(count(*) filter (where ${migration} = 'failed'))::int`,
        behind: sql<number>`(count(*) filter (where ${migration} in ('behind', 'missing')))::int`,
      })
      .from(tenants)
      .leftJoin(versions, eq(versions.schema, tenants.schema)),
    db
      .select({
        id: columns.id,
        name: columns.name,
        subdomain: columns.subdomain,
        status: columns.status,
        created: columns.created,
      })
      .from(tenants)
      .orderBy(desc(tenants.created), tenants.id)
      .limit(5),
    db
      .select({ id: tenants.id, name: tenants.name, subdomain: tenants.subdomain, purge_after: tenants.purge_after })
      .from(tenants)
      .where(
        and(
          eq(tenants.status, 'deleting'),
          lt(tenants.purge_after, sql`now() + make_interval(days => ${purgeNotice})`),
        ),
      )
      .orderBy(asc(tenants.purge_after))
      .limit(20),
  ])
  const tenantCounts = Object.fromEntries(statuses.map(row => [row.status, row.count])) as Partial<
    Record<TenantStatus, number>
  >
  return {
    tenants: tenantCounts,
    ...waiting[0]!,
    newest,
    purges: purges.map(row => ({ ...row, purge_after: row.purge_after! })),
  }
}
