import { and, eq, gt, inArray, isNull, sql } from 'drizzle-orm'
import type { SQL } from 'drizzle-orm'
import { pgSchema } from 'drizzle-orm/pg-core'
import { platformTables } from '#drizzle/platform/schema.ts'
import { realmTables } from '#drizzle/realm/schema.ts'
import type { Db, Realm } from '#server/database/realms.ts'
import type { AuditEntry } from '#server/domain/audit/audit.ts'
import { recordAudits } from '#server/domain/audit/audit.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App, AuditContext } from '#server/domain/context.ts'

/** The part of support accesses that sessions need; `open.ts` and `end.ts` open and end them. */

// The tables of the platform's schema, for transactions of any realm.
const { table } = pgSchema('platform')
const platform = { tables: { ...realmTables(table), ...platformTables(table) } }
const { support_accesses: accesses, tenants, users: operators } = platform.tables

/** For a query of sessions: the e-mail address of the operator who opened the session, or null for the user's own. */
export function supportedBy({ tables: { sessions } }: Realm): SQL<string | null> {
  // Never null: the session would look like the user's own. Sessions from before the column have no address.
  return sql<
    string | null
  >`case when ${sessions.support_access} is not null then coalesce(${sessions.support_operator}, 'unknown') end`
}

/**
 * Records once, in both audit logs, that accesses have ended with their sessions. An access that was never opened only
 * stops working; there is nothing to record.
 * @param db the tenant's, where the sessions end
 * @param audit for the tenant's audit log
 * @param reason such as `logout` or `expired`
 * @param operator the operator who ended it on the console; an id is valid only in its own realm
 */
export async function markSupportAccessesEnded(
  db: Db,
  realm: Realm,
  ids: string[],
  audit: AuditContext,
  reason: string,
  operator: string | null = null,
): Promise<void> {
  if (ids.length === 0) return
  const closed = await closeRows(db, ids)
  const opened = closed.filter(({ opened_at }) => opened_at !== null)
  const forTenant = opened.map(access => endOf(access, access.user_id, access.user_id, reason))
  // The console cannot look up the name of a tenant's user.
  const forPlatform = opened.map(access => endOf(access, access.tenant, access.user_email ?? access.user_id, reason))
  await recordAudits(db, realm, { ...audit, support: null }, forTenant)
  await recordAudits(db, platform, { ...audit, actor: operator, support: null }, forPlatform)
}

function closeRows(db: Db, ids: string[]) {
  const { id, tenant, user_id, user_email, operator_email, opened_at } = accesses
  return db
    .update(accesses)
    .set({ ended_at: new Date() })
    .where(and(inArray(id, ids), isNull(accesses.ended_at)))
    .returning({ id, tenant, user_id, user_email, operator_email, opened_at })
}

function endOf(
  { id, operator_email }: Awaited<ReturnType<typeof closeRows>>[number],
  subject: string,
  user: string,
  reason: string,
): AuditEntry {
  return {
    action: 'support.ended',
    subject,
    details: { access: id, operator: operator_email, user, reason },
  }
}

/** Ends accesses, opened or not, and their sessions; parameters as for `markSupportAccessesEnded`. */
export async function endSupportAccesses(
  db: Db,
  realm: Realm,
  ids: string[],
  audit: AuditContext,
  reason: string,
  operator: string | null,
): Promise<void> {
  if (ids.length === 0) return
  const { sessions } = realm.tables
  await markSupportAccessesEnded(db, realm, ids, audit, reason, operator)
  await db
    .update(sessions)
    .set({ revoked_at: new Date(), revoked_reason: 'revoked' })
    .where(and(inArray(sessions.support_access, ids), isNull(sessions.revoked_at)))
}

/** Ends all open accesses to a tenant, in the transaction that causes it, such as a suspension. */
export async function endSupportAccessesOf(
  db: Db,
  { id, realm }: AuthRealm,
  audit: AuditContext,
  reason: string,
  operator: string | null,
): Promise<void> {
  const rows = await db
    .select({ id: accesses.id })
    .from(accesses)
    .where(and(eq(accesses.tenant, id), isOpenAccess()))
  const ids = rows.map(row => row.id)
  await endSupportAccesses(db, realm, ids, audit, reason, operator)
}

/**
 * Ends all accesses of an operator, in the transaction in which they lose the right to them, or in which all their own
 * sessions end.
 */
export async function endSupportAccessesBy(
  db: Db,
  { database }: App,
  operator: string,
  audit: AuditContext,
): Promise<void> {
  const rows = await db
    .select({ id: accesses.id, schema: tenants.schema })
    .from(accesses)
    .innerJoin(tenants, eq(tenants.id, accesses.tenant))
    .where(and(eq(accesses.operator, operator), isOpenAccess()))
  for (const { id, schema } of rows)
    await endSupportAccesses(db, database.tenant(schema), [id], { ...audit, actor: null }, 'revoked', audit.actor)
}

/** A condition: the access has not ended or expired. Its link may not have been opened yet. */
export function isOpenAccess(): SQL {
  return and(isNull(accesses.ended_at), gt(accesses.expires_at, new Date()))!
}

/** A condition: the operator still has the right to the access. */
export function isStillOperators(): SQL {
  return sql`exists (select from ${operators} o where o.id = ${accesses.operator} and o.is_active and o.role in ('Admin', 'Support'))`
}
