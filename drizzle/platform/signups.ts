import { sql } from 'drizzle-orm'
import { index, text, uniqueIndex, uuid, varchar } from 'drizzle-orm/pg-core'
import type { TableFactory } from '#drizzle/table-factory.ts'
import { id, moment } from '#drizzle/table-factory.ts'

/** Requests for new organisations. */
export function signupTables(table: TableFactory) {
  /** Organisations that were requested on the site, until they are created or refused. */
  const signups = table(
    'signups',
    {
      id: id(),
      name: varchar({ length: 150 }).notNull(),
      subdomain: varchar({ length: 40 }).notNull(),
      email: varchar({ length: 254 }).notNull(),
      /** Of the requester, who becomes the first Admin. */
      first_name: varchar({ length: 150 }).notNull().default(''),
      last_name: varchar({ length: 150 }).notNull().default(''),
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
      /** The tenant that was created. */
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

  return { signups }
}
