import { sql } from 'drizzle-orm'
import { boolean, check, index, smallint, text, uniqueIndex, uuid, varchar } from 'drizzle-orm/pg-core'
import type { TableFactory } from '#drizzle/table-factory.ts'
import { id, moment } from '#drizzle/table-factory.ts'
import { tenantStatuses } from '#shared/tenant-statuses.ts'

/** Organisations, their hosts, and tombstones of purged ones. */
export function tenantTables(table: TableFactory) {
  const tenants = tenantsTable(table)
  return {
    tenants,
    domains: domainsTable(table, tenants),
    former_subdomains: formerSubdomainsTable(table, tenants),
    tombstones: tombstonesTable(table),
    archive_schedules: archiveSchedulesTable(table, tenants),
  }
}

export type TenantTables = ReturnType<typeof tenantTables>

function tenantsTable(table: TableFactory) {
  return table(
    'tenants',
    {
      id: id(),
      name: varchar({ length: 150 }).notNull(),
      business_phone_number: varchar({ length: 32 }).notNull().default(''),
      business_email: varchar({ length: 254 }).notNull(),
      /** The schema with its data; chosen at creation, never changed, never reused. */
      schema: varchar({ length: 63 }).notNull(),
      subdomain: varchar({ length: 40 }).notNull(),
      /** Public slug such as `ACM-7702`, which users type to find their portal. */
      tenant_id: varchar({ length: 16 }).notNull(),
      /** See server/domain/tenants/lifecycle/transitions.ts. A purged tenant leaves a row in `tombstones`. */
      status: text({ enum: tenantStatuses }).notNull().default('active'),
      /** Why it is suspended or scheduled for deletion, for its Admins and for operators. */
      status_reason: text(),
      status_changed: moment(),
      /** In `deleting`: the former status and its reason, for a cancelled deletion. */
      status_before: text({ enum: ['active', 'suspended'] }),
      reason_before: text(),
      /** In `deleting`: until then the deletion can be cancelled. */
      purge_after: moment(),
      /** While set, its hosts answer 503, whatever the status. */
      maintenance_since: moment(),
      is_active: boolean()
        .notNull()
        .generatedAlwaysAs(sql`status = 'active'`),
      created: moment().notNull(),
      updated: moment().notNull(),
    },
    tenants => [
      uniqueIndex('tenants_name').on(sql`lower(${tenants.name})`),
      uniqueIndex('tenants_schema').on(tenants.schema),
      uniqueIndex('tenants_subdomain').on(tenants.subdomain),
      uniqueIndex('tenants_tenant_id').on(tenants.tenant_id),
      index('tenants_created').on(tenants.created),
      index('tenants_status_created').on(tenants.status, tenants.created),
      check('tenants_status', sql`status in ('active', 'suspended', 'deleting', 'purging')`),
      check('tenants_purge_after', sql`(status = 'deleting') = (purge_after is not null)`),
      check('tenants_subdomain_label', sql`subdomain ~ '^[a-z0-9]([a-z0-9-]*[a-z0-9])$'`),
      check('tenants_schema_name', sql`schema ~ '^t_[a-z0-9_]+$'`),
    ],
  )
}

/** Hosts of a tenant's own, besides its subdomain; only a verified one routes. */
function domainsTable(table: TableFactory, tenants: ReturnType<typeof tenantsTable>) {
  return table(
    'domains',
    {
      host: varchar({ length: 253 }).primaryKey(),
      tenant: uuid()
        .notNull()
        .references(() => tenants.id, { onDelete: 'cascade' }),
      /** The required content of the DNS TXT record. */
      challenge: text().notNull().default(''),
      created: moment().notNull(),
      verified_at: moment(),
      checked_at: moment(),
      last_error: text(),
      /** Whether it is the tenant's canonical host, instead of the subdomain; at most one, and verified. */
      is_primary: boolean().notNull().default(false),
    },
    domains => [
      index('domains_tenant').on(domains.tenant),
      uniqueIndex('domains_one_primary')
        .on(domains.tenant)
        .where(sql`is_primary`),
      check('domains_primary_verified', sql`not is_primary or verified_at is not null`),
      check('domains_host_folded', sql`host = lower(host)`),
    ],
  )
}

/** Subdomains that a tenant had before it was renamed: redirected for a while, and nobody else's meanwhile. */
function formerSubdomainsTable(table: TableFactory, tenants: ReturnType<typeof tenantsTable>) {
  return table(
    'former_subdomains',
    {
      subdomain: varchar({ length: 40 }).primaryKey(),
      tenant: uuid()
        .notNull()
        .references(() => tenants.id, { onDelete: 'cascade' }),
      created: moment().notNull(),
      redirects_until: moment().notNull(),
    },
    former => [index('former_subdomains_tenant').on(former.tenant)],
  )
}

/** What is left of a tenant that was purged: its subdomains stay nobody's for a while. */
function tombstonesTable(table: TableFactory) {
  return table('tombstones', {
    subdomain: varchar({ length: 40 }).primaryKey(),
    tenant: uuid().notNull(),
    name: varchar({ length: 150 }).notNull(),
    schema: varchar({ length: 63 }).notNull(),
    purged_at: moment().notNull(),
    quarantined_until: moment().notNull(),
  })
}

/** When archives of a tenant are made by themselves; no row: never. */
function archiveSchedulesTable(table: TableFactory, tenants: ReturnType<typeof tenantsTable>) {
  return table(
    'archive_schedules',
    {
      tenant: uuid()
        .primaryKey()
        .references(() => tenants.id, { onDelete: 'cascade' }),
      every: text({ enum: ['day', 'week'] }).notNull(),
      /** In UTC. */
      hour: smallint().notNull(),
      /** When the schedule was set, and when it last queued an archive. */
      changed: moment().notNull(),
      queued_at: moment(),
    },
    () => [
      check('archive_schedules_every', sql`every in ('day', 'week')`),
      check('archive_schedules_hour', sql`hour between 0 and 23`),
    ],
  )
}
