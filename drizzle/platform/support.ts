import { sql } from 'drizzle-orm'
import { boolean, index, text, uniqueIndex, uuid, varchar } from 'drizzle-orm/pg-core'
import type { TableFactory } from '#drizzle/table-factory.ts'
import { id, moment } from '#drizzle/table-factory.ts'
import type { TenantTables } from './tenants.ts'

/** Operators who act as a user of a tenant, for support. */
export function supportTables(table: TableFactory, { tenants }: Pick<TenantTables, 'tenants'>) {
  /** Permissions of operators to sign in as a tenant's user, each with a reason and an end. */
  const support_accesses = table(
    'support_accesses',
    {
      id: id(),
      tenant: uuid()
        .notNull()
        .references(() => tenants.id, { onDelete: 'cascade' }),
      /** The tenant's user. */
      user_id: uuid().notNull(),
      /** The addresses of user and operator at that time; the user's is missing in accesses from before 0006. */
      user_email: varchar({ length: 254 }),
      operator: uuid().notNull(),
      operator_email: varchar({ length: 254 }).notNull(),
      reason: text().notNull(),
      is_read_only: boolean().notNull().default(true),
      /** SHA-256 of the one-time token that opens the session on the tenant's host. */
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

  return { support_accesses }
}
