import { sql } from 'drizzle-orm'
import { bigint, boolean, check, index, integer, jsonb, text, uniqueIndex, uuid, varchar } from 'drizzle-orm/pg-core'
import type { TableFactory } from '../table-factory.ts'
import { id, moment } from '../table-factory.ts'

/** What the platform's schema has besides a realm's tables, which there hold the operators. */
export function platformTables(table: TableFactory) {
  const tenants = table('tenants', {
    id: id(),
    name: varchar({ length: 150 }).notNull(),
    business_phone_number: varchar({ length: 32 }).notNull().default(''),
    business_email: varchar({ length: 254 }).notNull(),
    /** Where its data is; chosen at birth, never reused, never changed. */
    schema: varchar({ length: 63 }).notNull(),
    subdomain: varchar({ length: 40 }).notNull(),
    /** Public slug such as `ACM-7702`, which staff type to find their portal. */
    tenant_id: varchar({ length: 16 }).notNull(),
    status: text({ enum: ['active', 'suspended'] }).notNull().default('active'),
    is_active: boolean().notNull().generatedAlwaysAs(sql`status = 'active'`),
    created: moment().notNull(),
    updated: moment().notNull(),
  }, tenants => [
    uniqueIndex('tenants_name').on(sql`lower(${tenants.name})`),
    uniqueIndex('tenants_schema').on(tenants.schema),
    uniqueIndex('tenants_subdomain').on(tenants.subdomain),
    uniqueIndex('tenants_tenant_id').on(tenants.tenant_id),
    index('tenants_created').on(tenants.created),
    check('tenants_status', sql`status in ('active', 'suspended')`),
    check('tenants_subdomain_label', sql`subdomain ~ '^[a-z0-9]([a-z0-9-]*[a-z0-9])$'`),
    check('tenants_schema_name', sql`schema ~ '^t_[a-z0-9_]+$'`),
  ])

  /** Hosts of a tenant's own, besides its subdomain; only a verified one routes. */
  const domains = table('domains', {
    host: varchar({ length: 253 }).primaryKey(),
    tenant: uuid().notNull().references(() => tenants.id, { onDelete: 'cascade' }),
    created: moment().notNull(),
    verified_at: moment(),
  }, domains => [
    index('domains_tenant').on(domains.tenant),
    check('domains_host_folded', sql`host = lower(host)`),
  ])

  /** What has been done to each schema, by its name: the one place where versions are kept. */
  const schema_versions = table('schema_versions', {
    schema: varchar({ length: 63 }).primaryKey(),
    /** `name checksum` of each migration that has been applied, oldest first. */
    applied: text().array().notNull(),
    /** Name of the newest. */
    version: text().notNull(),
    state: text({ enum: ['migrated', 'failed'] }).notNull().default('migrated'),
    error: text(),
    updated: moment().notNull(),
  })

  /** Counters of rate-limiter-flexible, which names these columns. */
  const rate_limits = table('rate_limits', {
    key: varchar({ length: 255 }).primaryKey(),
    points: integer().notNull().default(0),
    expire: bigint({ mode: 'number' }),
  }, limits => [index('rate_limits_expire').on(limits.expire)])

  /** Mails to be sent, each written in the transaction of its cause; server/domain/outbox.ts sends them. */
  const outbox = table('outbox', {
    id: id(),
    /** The tenant's id, or `platform`. No foreign key: a mail on its way is not held up by what becomes of its tenant. */
    realm: varchar({ length: 36 }).notNull(),
    kind: text().notNull(),
    recipient: varchar({ length: 254 }).notNull(),
    /** What the text is made of, never a link's token; erased when the mail is sent or given up. */
    data: jsonb().$type<Record<string, unknown>>(),
    created: moment().notNull(),
    /** When to try next; while a process is sending, the end of its lease. */
    due_at: moment().notNull(),
    attempts: integer().notNull().default(0),
    last_error: text(),
    sent_at: moment(),
    given_up_at: moment(),
  }, outbox => [
    index('outbox_due').on(outbox.due_at).where(sql`sent_at is null and given_up_at is null`),
    index('outbox_created').on(outbox.created),
  ])

  return { tenants, domains, schema_versions, rate_limits, outbox }
}

export type PlatformTables = ReturnType<typeof platformTables>
