import { and, eq, isNull, lt, sql } from 'drizzle-orm'
import type { Db } from '#server/database/realms.ts'
import type { App } from '#server/domain/context.ts'
import type { Language } from '#shared/dates.ts'
import { notFound } from '#shared/errors.ts'

export interface NewSignup {
  name: string
  subdomain: string
  email: string
  /** Of the requester, who becomes the first Admin. */
  first_name: string
  last_name: string
  language: Language
}

export interface SignupRow extends NewSignup {
  id: string
  created: Date
  expires_at: Date
  confirmed_at: Date | null
  approved_at: Date | null
  refused_at: Date | null
  decided_by: string | null
  tenant: string | null
}

export type Signups = App['database']['platform']['tables']['signups']

/**
 * Locks a sign-up until the transaction ends.
 * @throws ApiError 404
 */
export async function lockSignup(tx: Db, signups: Signups, id: string): Promise<SignupRow> {
  const rows = await tx.select(signupColumns(signups)).from(signups).where(eq(signups.id, id)).for('update')
  if (!rows[0]) throw notFound()
  return rows[0]
}

/** Deletes sign-ups that were never confirmed. @returns how many */
export async function deleteExpiredSignups({ database }: App): Promise<number> {
  const { db, tables } = database.platform
  const { signups } = tables
  const rows = await db
    .delete(signups)
    .where(and(isNull(signups.confirmed_at), lt(signups.expires_at, sql`now() - interval '7 days'`)))
    .returning({ id: signups.id })
  return rows.length
}

/** A sign-up's columns, by name: never its token's hash. */
export function signupColumns(signups: Signups) {
  return {
    id: signups.id,
    name: signups.name,
    subdomain: signups.subdomain,
    email: signups.email,
    first_name: signups.first_name,
    last_name: signups.last_name,
    language: signups.language,
    created: signups.created,
    expires_at: signups.expires_at,
    confirmed_at: signups.confirmed_at,
    approved_at: signups.approved_at,
    refused_at: signups.refused_at,
    decided_by: signups.decided_by,
    tenant: signups.tenant,
  }
}
