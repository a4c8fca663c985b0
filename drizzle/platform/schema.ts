import { sql } from 'drizzle-orm'
import {
  bigint,
  boolean,
  check,
  date,
  index,
  integer,
  jsonb,
  primaryKey,
  text,
  uniqueIndex,
  uuid,
  varchar,
} from 'drizzle-orm/pg-core'
import type { TableFactory } from '#drizzle/table-factory.ts'
import { id, moment } from '#drizzle/table-factory.ts'
import { operationKinds, operationStates } from '#shared/operations.ts'
import { tenantStatuses } from '#shared/tenant-statuses.ts'

/** What the platform's schema has besides a realm's tables, which there hold the operators. */
export function platformTables(table: TableFactory) {
  const tenants = table(
    'tenants',
    {
      id: id(),
      name: varchar({ length: 150 }).notNull(),
      business_phone_number: varchar({ length: 32 }).notNull().default(''),
      business_email: varchar({ length: 254 }).notNull(),
      /** Where its data is; chosen at birth, never reused, never changed. */
      schema: varchar({ length: 63 }).notNull(),
      subdomain: varchar({ length: 40 }).notNull(),
      /** Public slug such as `ACM-7702`, which staff type to find their portal. */
      tenant_id: varchar({ length: 16 }).notNull(),
      /** See server/domain/tenants/lifecycle.ts. One that is purged leaves a row of `tombstones`. */
      status: text({ enum: tenantStatuses }).notNull().default('active'),
      /** Why it is suspended or to be deleted, for its admins and for operators. */
      status_reason: text(),
      status_changed: moment(),
      /** Of one in `deleting`: what it is restored to, and why it was so. */
      status_before: text({ enum: ['active', 'suspended'] }),
      reason_before: text(),
      /** Of one in `deleting`: until then it can be restored. */
      purge_after: moment(),
      /** Answered 503 meanwhile, whatever the status. */
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

  /** Hosts of a tenant's own, besides its subdomain; only a verified one routes. */
  const domains = table(
    'domains',
    {
      host: varchar({ length: 253 }).primaryKey(),
      tenant: uuid()
        .notNull()
        .references(() => tenants.id, { onDelete: 'cascade' }),
      /** What the DNS TXT record must say. */
      challenge: text().notNull().default(''),
      created: moment().notNull(),
      verified_at: moment(),
      checked_at: moment(),
      last_error: text(),
      /** The canonical host of the tenant, in place of its subdomain; at most one, and verified. */
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

  /** Subdomains that a tenant had before it was renamed: redirected for a while, and nobody else's meanwhile. */
  const former_subdomains = table(
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

  /** What is left of a tenant that was purged: its subdomains stay nobody's for a while. */
  const tombstones = table('tombstones', {
    subdomain: varchar({ length: 40 }).primaryKey(),
    tenant: uuid().notNull(),
    name: varchar({ length: 150 }).notNull(),
    schema: varchar({ length: 63 }).notNull(),
    purged_at: moment().notNull(),
    quarantined_until: moment().notNull(),
  })

  /** Organisations that someone asked for on the site, until they are a tenant or refused. */
  const signups = table(
    'signups',
    {
      id: id(),
      name: varchar({ length: 150 }).notNull(),
      subdomain: varchar({ length: 40 }).notNull(),
      email: varchar({ length: 254 }).notNull(),
      language: text({ enum: ['en', 'ar'] })
        .notNull()
        .default('en'),
      token_hash: text().notNull(),
      created: moment().notNull(),
      expires_at: moment().notNull(),
      confirmed_at: moment(),
      approved_at: moment(),
      refused_at: moment(),
      /** The operator who decided. */
      decided_by: uuid(),
      /** What became of it. */
      tenant: uuid(),
    },
    signups => [
      uniqueIndex('signups_token').on(signups.token_hash),
      uniqueIndex('signups_confirmed_subdomain')
        .on(signups.subdomain)
        .where(sql`confirmed_at is not null and refused_at is null and tenant is null`),
      index('signups_created').on(signups.created),
    ],
  )

  /** Schemas that are made in advance, for tenants to come; `schema_versions` says how far each is. */
  const spare_schemas = table(
    'spare_schemas',
    {
      schema: varchar({ length: 63 }).primaryKey(),
      created: moment().notNull(),
    },
    () => [check('spare_schemas_name', sql`schema ~ '^t_[a-z0-9_]+$'`)],
  )

  /**
   * Long work, most of it on one tenant: done in the background, watched, finished by another process where one
   * dies.
   */
  const operations = table(
    'operations',
    {
      id: id(),
      kind: text({ enum: operationKinds }).notNull(),
      /**
       * What it is about; null where it makes a new tenant that is not there yet, or is about all. No foreign key:
       * the record outlives it.
       */
      tenant: uuid(),
      state: text({ enum: operationStates }).notNull().default('queued'),
      /** What the kind needs to know, such as the name of a file. */
      input: jsonb().$type<Record<string, unknown>>().notNull().default({}),
      result: jsonb().$type<Record<string, unknown>>(),
      /** What is being done just now, and how far it is. */
      step: text(),
      done: integer().notNull().default(0),
      total: integer().notNull().default(0),
      /** How often a process has taken it up; its say ends when another has. */
      attempts: integer().notNull().default(0),
      error: text(),
      requested_by: uuid(),
      created: moment().notNull(),
      started_at: moment(),
      /** Renewed while a process works on it; past, it is anyone's to take up. */
      lease_until: moment(),
      finished_at: moment(),
    },
    operations => [
      index('operations_created').on(operations.created),
      index('operations_tenant').on(operations.tenant, operations.created),
      index('operations_open')
        .on(operations.created)
        .where(sql`state in ('queued', 'running')`),
      uniqueIndex('operations_one_each')
        .on(operations.tenant)
        .where(sql`state in ('queued', 'running')`),
    ],
  )

  /** What each tenant's portal was asked, by day (UTC), as far as the processes have written it down. */
  const tenant_days = table(
    'tenant_days',
    {
      tenant: uuid()
        .notNull()
        .references(() => tenants.id, { onDelete: 'cascade' }),
      day: date({ mode: 'string' }).notNull(),
      requests: integer().notNull().default(0),
      /** Answers of 500 and above. */
      errors: integer().notNull().default(0),
    },
    days => [primaryKey({ columns: [days.tenant, days.day] })],
  )

  /** Operators who sign in as a tenant's user, each time with a reason and an end. */
  const support_accesses = table(
    'support_accesses',
    {
      id: id(),
      tenant: uuid()
        .notNull()
        .references(() => tenants.id, { onDelete: 'cascade' }),
      /** The tenant's user, and the operator's address as it was. */
      user_id: uuid().notNull(),
      operator: uuid().notNull(),
      operator_email: varchar({ length: 254 }).notNull(),
      reason: text().notNull(),
      is_read_only: boolean().notNull().default(true),
      /** SHA-256 of the single-use token by which the session is opened on the tenant's host. */
      token_hash: text().notNull(),
      created: moment().notNull(),
      opened_at: moment(),
      expires_at: moment().notNull(),
      ended_at: moment(),
    },
    accesses => [
      uniqueIndex('support_accesses_token').on(accesses.token_hash),
      index('support_accesses_created').on(accesses.created),
      index('support_accesses_tenant').on(accesses.tenant, accesses.created),
      index('support_accesses_open')
        .on(accesses.expires_at)
        .where(sql`ended_at is null`),
    ],
  )

  /** What has been done to each schema, by its name: the one place where versions are kept. */
  const schema_versions = table('schema_versions', {
    schema: varchar({ length: 63 }).primaryKey(),
    /** `name checksum` of each migration that has been applied, oldest first. */
    applied: text().array().notNull(),
    /** Name of the newest. */
    version: text().notNull(),
    state: text({ enum: ['migrated', 'failed'] })
      .notNull()
      .default('migrated'),
    error: text(),
    updated: moment().notNull(),
  })

  /** Counters of rate-limiter-flexible, which names these columns. */
  const rate_limits = table(
    'rate_limits',
    {
      key: varchar({ length: 255 }).primaryKey(),
      points: integer().notNull().default(0),
      expire: bigint({ mode: 'number' }),
    },
    limits => [index('rate_limits_expire').on(limits.expire)],
  )

  /** Mails to be sent, each written in the transaction of its cause; server/domain/mail/outbox.ts sends them. */
  const outbox = table(
    'outbox',
    {
      id: id(),
      /**
       * The tenant's id, or `platform`. No foreign key: a mail on its way is not held up by what becomes of its
       * tenant.
       */
      realm: varchar({ length: 36 }).notNull(),
      kind: text().notNull(),
      recipient: varchar({ length: 254 }).notNull(),
      /** What the text is made of, never a link's token; erased when the mail is sent. */
      data: jsonb().$type<Record<string, unknown>>(),
      created: moment().notNull(),
      /** When to try next; while a process is sending, the end of its lease. */
      due_at: moment().notNull(),
      attempts: integer().notNull().default(0),
      last_error: text(),
      sent_at: moment(),
      given_up_at: moment(),
    },
    outbox => [
      index('outbox_due')
        .on(outbox.due_at)
        .where(sql`sent_at is null and given_up_at is null`),
      index('outbox_created').on(outbox.created),
    ],
  )

  return {
    tenants,
    domains,
    former_subdomains,
    tombstones,
    signups,
    spare_schemas,
    operations,
    tenant_days,
    support_accesses,
    schema_versions,
    rate_limits,
    outbox,
  }
}

export type PlatformTables = ReturnType<typeof platformTables>
