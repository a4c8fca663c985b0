import { and, eq } from 'drizzle-orm'
import type { Migration } from '#server/database/migrations/files.ts'
import type { Db } from '#server/database/realms.ts'
import { recordAudit } from '#server/domain/audit/audit.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import { enqueueSiteMail } from '#server/domain/mail/outbox.ts'
import { mailWelcome } from '#server/domain/mail/welcome.ts'
import { tenantRealmOf } from '#server/domain/tenants/origins.ts'
import { conflict, notFound } from '#shared/errors.ts'
import { makeTenant } from './make-tenant.ts'
import type { SignupRow } from './signups.ts'
import { lockSignup } from './signups.ts'
import { isInState } from './state.ts'

/**
 * Creates the organisation of a confirmed sign-up, and mails its first Admin a link to choose a password. Approving
 * again changes nothing.
 * @throws ApiError 404 if nobody has confirmed it, 409 `signup_decided` if it was refused, 400 if its name is taken by
 * now
 */
export function approveSignup(app: App, migrations: Migration[], id: string, audit: AuditContext): Promise<SignupRow> {
  return app.database.platform.transaction(async tx => {
    const before = await lockConfirmed(tx, app, id)
    if (before.refused_at) throw conflict('The sign-up was refused.', 'signup_decided')
    return before.tenant ? before : approve(tx, app, migrations, before, audit)
  })
}

async function approve(
  tx: Db,
  app: App,
  migrations: Migration[],
  before: SignupRow,
  audit: AuditContext,
): Promise<SignupRow> {
  const { id, name, subdomain } = before
  const { tenant, admin } = await makeTenant(tx, app, migrations, before, audit)
  const decision = { approved_at: new Date(), decided_by: audit.actor, tenant: tenant.id }
  await storeDecision(tx, app, id, decision)
  await mailWelcome(tx, tenantRealmOf(app, tenant), admin, 'signup_approved')
  const details = { name, subdomain, tenant: tenant.id }
  await recordAudit(tx, app.database.platform, audit, { action: 'signup.approved', subject: id, details })
  return { ...before, ...decision }
}

/**
 * Refuses a sign-up, with a mail, and frees the subdomain. Refusing again changes nothing.
 * @param reason for the requester, or an empty text; kept in the audit log
 * @throws ApiError 404 if nobody has confirmed it, 409 `signup_decided` if the organisation was created
 */
export function refuseSignup(app: App, id: string, reason: string, audit: AuditContext): Promise<SignupRow> {
  return app.database.platform.transaction(async tx => {
    const before = await lockConfirmed(tx, app, id)
    if (before.tenant) throw conflict('The sign-up is an organisation already.', 'signup_decided')
    return before.refused_at ? before : refuse(tx, app, before, reason, audit)
  })
}

async function refuse(tx: Db, app: App, before: SignupRow, reason: string, audit: AuditContext): Promise<SignupRow> {
  const { id, name, email, language, subdomain } = before
  const decision = { refused_at: new Date(), decided_by: audit.actor }
  await storeDecision(tx, app, id, decision)
  await enqueueSiteMail(tx, { kind: 'signup_refused', to: email, data: { name, reason, language } })
  const details = { name, subdomain, reason }
  await recordAudit(tx, app.database.platform, audit, { action: 'signup.refused', subject: id, details })
  return { ...before, ...decision }
}

async function lockConfirmed(tx: Db, { database }: App, id: string): Promise<SignupRow> {
  const signup = await lockSignup(tx, database.platform.tables.signups, id)
  if (!signup.confirmed_at) throw notFound()
  return signup
}

async function storeDecision(tx: Db, { database }: App, id: string, decision: Partial<SignupRow>): Promise<void> {
  const { signups } = database.platform.tables
  await tx.update(signups).set(decision).where(eq(signups.id, id))
}

/** @returns the id of the sign-up that reserves a subdomain. @throws ApiError 404 */
export async function requireWaitingSignup({ database }: App, subdomain: string): Promise<string> {
  const { db, tables } = database.platform
  const { signups } = tables
  const rows = await db
    .select({ id: signups.id })
    .from(signups)
    .where(and(eq(signups.subdomain, subdomain), isInState(signups, 'waiting')))
  if (!rows[0]) throw notFound()
  return rows[0].id
}
