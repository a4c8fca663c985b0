import { sql } from 'drizzle-orm'
import { boolean, check, integer, text, uniqueIndex, uuid, varchar } from 'drizzle-orm/pg-core'
import type { TableFactory } from '#drizzle/table-factory.ts'
import { id, lazily, moment, once } from '#drizzle/table-factory.ts'
import { secondFactorPolicies } from '#shared/factors/policy.ts'
import { storedStandings } from '#shared/tenant-statuses.ts'

/** The tables of an organisation's schema in addition to the realm's. */
export function tenantTables(table: TableFactory) {
  const departments = once(() => departmentsTable(table))
  return lazily({
    departments,
    invitations: () => invitationsTable(table, departments),
    settings: () => settingsTable(table),
    standing: () => standingTable(table),
  })
}

export type TenantTables = ReturnType<typeof tenantTables>

function departmentsTable(table: TableFactory) {
  return table(
    'departments',
    {
      id: id(),
      name: varchar({ length: 150 }).notNull(),
      created: moment().notNull(),
      updated: moment().notNull(),
    },
    departments => [uniqueIndex('departments_name').on(sql`lower(${departments.name})`)],
  )
}

function invitationsTable(table: TableFactory, departments: () => ReturnType<typeof departmentsTable>) {
  return table(
    'invitations',
    {
      id: id(),
      email: varchar({ length: 254 }).notNull(),
      role: text({ enum: ['Admin', 'Staff'] })
        .notNull()
        .default('Staff'),
      department: uuid().references(() => departments().id, { onDelete: 'set null' }),
      invited_by: uuid(),
      token_hash: text().notNull(),
      created: moment().notNull(),
      expires_at: moment().notNull(),
      accepted_at: moment(),
      revoked_at: moment(),
    },
    invitations => [
      uniqueIndex('invitations_token').on(invitations.token_hash),
      uniqueIndex('invitations_one_open')
        .on(invitations.email)
        .where(sql`accepted_at is null and revoked_at is null`),
      check('invitations_role', sql`role in ('Admin', 'Staff')`),
    ],
  )
}

/** One row, created with the schema. */
function settingsTable(table: TableFactory) {
  return table(
    'settings',
    {
      id: boolean().primaryKey().default(true),
      registration: text({ enum: ['invite_only', 'open'] })
        .notNull()
        .default('invite_only'),
      registration_domains: text()
        .array()
        .notNull()
        .default(sql`'{}'`),
      /** Base name of the logo's files. */
      logo: text(),
      brand_color: varchar({ length: 7 }),
      password_min_length: integer().notNull().default(12),
      /**
       * Language of pages and mails for users who have not chosen one; null: pages in the browser's language, mails
       * in English.
       */
      language: text({ enum: ['en', 'ar'] }),
      /** Whether operators of the platform may sign in as one of its users, for support. */
      allows_support: boolean().notNull().default(true),
      /** Who must have a second factor. */
      second_factor: text({ enum: secondFactorPolicies }).notNull().default('optional'),
      /** Days that a user has until then. */
      second_factor_grace: integer().notNull().default(7),
      /** Since when the rule is the current one; null while it is optional. */
      second_factor_since: moment(),
    },
    () => [
      check('settings_one_row', sql`id`),
      check('settings_registration', sql`registration in ('invite_only', 'open')`),
      check('settings_brand_color', sql`brand_color ~ '^#[0-9a-f]{6}$'`),
      check('settings_language', sql`language in ('en', 'ar')`),
      check('settings_second_factor', sql`second_factor in ('optional', 'admins', 'everyone')`),
      check('settings_second_factor_grace', sql`second_factor_grace between 0 and 30`),
      check('settings_password_min_length', sql`password_min_length between 12 and 64`),
    ],
  )
}

/**
 * One row: whether the tenant is open, a copy of what the platform's schema says; see
 * server/database/migrations/standing.ts. A schema without the row is not a tenant's yet, and is closed.
 */
function standingTable(table: TableFactory) {
  return table(
    'standing',
    {
      id: boolean().primaryKey().default(true),
      state: text({ enum: storedStandings }).notNull(),
    },
    () => [
      check('standing_one_row', sql`id`),
      check('standing_state', sql`state in ('active', 'suspended', 'deleting', 'purging', 'maintenance')`),
    ],
  )
}
