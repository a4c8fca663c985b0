import { and, eq } from 'drizzle-orm'
import type { Migration } from '#server/database/migrations/files.ts'
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
  const { platform } = app.database
  const { signups } = platform.tables
  return platform.transaction(async tx => {
    const before = await lockSignup(tx, signups, id)
    if (!before.confirmed_at) throw notFound()
    if (before.refused_at) throw conflict('The sign-up was refused.', 'signup_decided')
    if (before.tenant) return before
    const { tenant, admin } = await makeTenant(tx, app, migrations, before, audit)
    const decision = { approved_at: new Date(), decided_by: audit.actor, tenant: tenant.id }
    await tx.update(signups).set(decision).where(eq(signups.id, id))
    await mailWelcome(tx, tenantRealmOf(app, tenant), admin, 'signup_approved')
    await recordAudit(tx, platform, audit, {
      action: 'signup.approved',
      subject: id,
      details: { name: before.name, subdomain: before.subdomain, tenant: tenant.id },
    })
    return { ...before, ...decision }
  })
}

/**
 * Refuses a sign-up, with a mail, and frees the subdomain. Refusing again changes nothing.
 * @param reason for the requester, or an empty text; kept in the audit log
 * @throws ApiError 404 if nobody has confirmed it, 409 `signup_decided` if the organisation was created
 */
export function refuseSignup(app: App, id: string, reason: string, audit: AuditContext): Promise<SignupRow> {
  const { platform } = app.database
  const { signups } = platform.tables
  return platform.transaction(async tx => {
    const before = await lockSignup(tx, signups, id)
    if (!before.confirmed_at) throw notFound()
    if (before.tenant) throw conflict('The sign-up is an organisation already.', 'signup_decided')
    if (before.refused_at) return before
    const decision = { refused_at: new Date(), decided_by: audit.actor }
    await tx.update(signups).set(decision).where(eq(signups.id, id))
    const { name, email, language, subdomain } = before
    await enqueueSiteMail(tx, { kind: 'signup_refused', to: email, data: { name, reason, language } })
    await recordAudit(tx, platform, audit, {
      action: 'signup.refused',
      subject: id,
      details: { name, subdomain, reason },
    })
    return { ...before, ...decision }
  })
}

/** @returns the id of the sign-up that reserves a subdomain. @throws ApiError 404 */
export async function requireWaitingSignup(
  {
    database: {
      platform: {
        db,
        tables: { signups },
      },
    },
  }: App,
  subdomain: string,
): Promise<string> {
  const rows = await db
    .select({ id: signups.id })
    .from(signups)
    .where(and(eq(signups.subdomain, subdomain), isInState(signups, 'waiting')))
  if (!rows[0]) throw notFound()
  return rows[0].id
}
