import type { SQL } from 'drizzle-orm'
import { sql } from 'drizzle-orm'
import type { AnyPgColumn } from 'drizzle-orm/pg-core'
import { boolean, check, index, integer, jsonb, text, uniqueIndex, uuid, varchar } from 'drizzle-orm/pg-core'
import type { TableFactory } from '#drizzle/table-factory.ts'
import { id, lazily, moment, once } from '#drizzle/table-factory.ts'
import { challengesTable, devicesTable, factorsTable, recoveryCodesTable } from './factors.ts'
import { idempotencyKeysTable } from './idempotency-keys.ts'

/**
 * The tables of every realm, a tenant's schema and the platform's alike: users, sessions, second factors, signing
 * keys, one-time tokens, audit events and idempotency keys.
 */
export function realmTables(table: TableFactory) {
  const users = once(() => usersTable(table))
  const userId = () => users().id
  return lazily({
    users,
    sessions: () => sessionsTable(table, users),
    factors: () => factorsTable(table, userId),
    recovery_codes: () => recoveryCodesTable(table, userId),
    challenges: () => challengesTable(table, userId),
    devices: () => devicesTable(table, userId),
    signing_keys: () => signingKeysTable(table),
    one_time_tokens: () => oneTimeTokensTable(table, users),
    audit_events: () => auditEventsTable(table),
    idempotency_keys: () => idempotencyKeysTable(table),
  })
}

export type RealmTables = ReturnType<typeof realmTables>

function usersTable(table: TableFactory) {
  return table(
    'users',
    {
      id: id(),
      email: varchar({ length: 254 }).notNull(),
      /** bcrypt hash of the peppered password; null until the first one is set. */
      password: text(),
      first_name: varchar({ length: 150 }).notNull().default(''),
      last_name: varchar({ length: 150 }).notNull().default(''),
      photo: text(),
      department: uuid(),
      employee_id: varchar({ length: 64 }),
      /** `Support` is a role of operators only; a constraint of the tenants' tables excludes it. */
      role: text({ enum: ['Admin', 'Support', 'Staff'] })
        .notNull()
        .default('Staff'),
      /** Language of the interface and of mails; null: the organisation's. */
      language: text({ enum: ['en', 'ar'] }),
      activated_at: moment(),
      deactivated_at: moment(),
      is_active: boolean()
        .notNull()
        .generatedAlwaysAs(sql`activated_at is not null and deactivated_at is null`),
      date_joined: moment().notNull(),
      last_login: moment(),
      /** The folded text that the directory's search reads; see docs/decisions/0006-directory-search.md. */
      search: text()
        .notNull()
        .generatedAlwaysAs(sql`search_fold(first_name || ' ' || last_name || ' ' || email)`),
    },
    users => [
      uniqueIndex('users_email').on(users.email),
      uniqueIndex('users_employee_id').on(users.employee_id),
      index('users_department').on(users.department),
      // As server/domain/lib/list-query.ts orders names.
      index('users_name').on(alphabetical(users.last_name), alphabetical(users.first_name), users.id),
      index('users_search')
        .using('gin', sql`search_grams(${users.search}, 2)`)
        .with({ fastupdate: false }),
      index('users_search_employee_id')
        .using('gin', sql`search_grams(search_fold(${users.employee_id}), 2)`)
        .with({ fastupdate: false }),
      check('users_email_folded', sql`email = lower(email)`),
      check('users_role', sql`role in ('Admin', 'Support', 'Staff')`),
      check('users_language', sql`language in ('en', 'ar')`),
    ],
  )
}

function sessionsTable(table: TableFactory, users: () => ReturnType<typeof usersTable>) {
  return table(
    'sessions',
    {
      id: id(),
      user_id: uuid()
        .notNull()
        .references(() => users().id, { onDelete: 'cascade' }),
      /** How often the session was refreshed. A refresh token carries the count at which it was issued. */
      counter: integer().notNull().default(0),
      rotated_at: moment().notNull(),
      created: moment().notNull(),
      /** When the user last proved that it is them; null in sessions from before the column: when it was opened. */
      authenticated_at: moment(),
      /** How, as in RFC 8176. */
      amr: text()
        .array()
        .notNull()
        .default(sql`'{pwd}'`),
      /** From when it may only be used to add a second factor; null: never. */
      enrol_from: moment(),
      expires_at: moment().notNull(),
      user_agent: varchar({ length: 400 }),
      ip: varchar({ length: 45 }),
      revoked_at: moment(),
      /**
       * The support access with which an operator opened the session as this user. The id is of the platform's
       * schema, so there is no foreign key.
       */
      support_access: uuid(),
      /** That operator's e-mail address. */
      support_operator: varchar({ length: 254 }),
      /** If true, only reads are allowed. */
      is_read_only: boolean().notNull().default(false),
      revoked_reason: text({
        enum: ['logout', 'replaced', 'blacklist', 'reuse', 'password', 'email', 'deactivation', 'revoked'],
      }),
    },
    sessions => [index('sessions_user').on(sessions.user_id)],
  )
}

function signingKeysTable(table: TableFactory) {
  return table(
    'signing_keys',
    {
      kid: text().primaryKey(),
      /** Ed25519 public key, base64url (the `x` of its JWK). */
      public_key: text().notNull(),
      /** PKCS #8, encrypted with the master secret; see server/domain/keys/ring.ts. */
      private_key: text().notNull(),
      created: moment().notNull(),
      activated_at: moment(),
      /** When it stopped signing. It verifies tokens until the last one that it signed has expired. */
      retired_at: moment(),
    },
    () => [
      uniqueIndex('signing_keys_one_current')
        .on(sql`(true)`)
        .where(sql`activated_at is not null and retired_at is null`),
    ],
  )
}

function oneTimeTokensTable(table: TableFactory, users: () => ReturnType<typeof usersTable>) {
  return table(
    'one_time_tokens',
    {
      id: id(),
      user_id: uuid()
        .notNull()
        .references(() => users().id, { onDelete: 'cascade' }),
      purpose: text({ enum: ['reset', 'welcome', 'activation', 'email'] }).notNull(),
      /** SHA-256 of the token, base64url; the token itself is only in the link. */
      token_hash: text().notNull(),
      /** Input of the link's action: `{ email }`, the new address. */
      payload: jsonb().$type<{ email?: string }>(),
      created: moment().notNull(),
      expires_at: moment().notNull(),
    },
    tokens => [
      uniqueIndex('one_time_tokens_one_each').on(tokens.user_id, tokens.purpose),
      check('one_time_tokens_purpose', sql`purpose in ('reset', 'welcome', 'activation', 'email')`),
    ],
  )
}

function auditEventsTable(table: TableFactory) {
  return table(
    'audit_events',
    {
      id: id(),
      created: moment().notNull(),
      action: text().notNull(),
      /**
       * The user who acted; null for the system and for unknown people. No foreign key: the event outlives the user.
       */
      actor: uuid(),
      subject: uuid(),
      ip: varchar({ length: 45 }),
      request_id: text(),
      details: jsonb().$type<Record<string, unknown>>().notNull().default({}),
    },
    events => [index('audit_events_created').on(events.created), index('audit_events_subject').on(events.subject)],
  )
}

function alphabetical(column: AnyPgColumn): SQL {
  return sql`(${column}) collate "und-x-icu"`
}
