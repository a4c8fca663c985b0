import { eq } from 'drizzle-orm'
import type { z } from 'zod'
import type { Db } from '#server/database/realms.ts'
import { recordAudit } from '#server/domain/audit/audit.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import { enqueueMail } from '#server/domain/mail/outbox.ts'
import { openLink } from '#server/domain/sessions/one-time-links.ts'
import { requireOpenTenant } from '#server/domain/tenants/lifecycle/standing.ts'
import { readAccountRules } from '#server/domain/users/account-rules.ts'
import { insertUser } from '#server/domain/users/create.ts'
import { hashNewPassword } from '#server/domain/users/passwords.ts'
import type { UserRow } from '#server/domain/users/users.ts'
import { ApiError, forbidden, invalid } from '#shared/errors.ts'
import type { registrationSchema } from '#shared/schemas/users.ts'

export type Registration = Omit<z.output<typeof registrationSchema>, 're_password'>

/**
 * Checks that anyone may register.
 * @returns the domains that an address may be in; none: any
 * @throws ApiError 403 `registration_closed` where users join by invitation
 */
export async function requireOpenRegistration(
  authRealm: AuthRealm,
  db: Db = authRealm.realm.db,
): Promise<{ domains: string[] }> {
  const [{ registration, registration_domains: domains }] = await Promise.all([
    readAccountRules(authRealm, db),
    requireOpenTenant(db, authRealm),
  ])
  if (registration !== 'open') throw forbidden('Registration is by invitation.', 'registration_closed')
  return { domains }
}

/**
 * Registers a user as Staff. They are inactive until they follow the link in a mail.
 * @param domains those that the address may be in; none: any
 * @throws ApiError 400 on the field; 429 after many addresses that were taken, or many accounts
 */
export async function register(
  app: App,
  authRealm: AuthRealm,
  input: Registration,
  { domains }: { domains: string[] },
  audit: AuditContext,
): Promise<UserRow> {
  const { schema, transaction } = authRealm.realm
  await app.limits.checkTaken(schema, audit.ip)
  requireDomain(input.email, domains)
  const admission = await app.limits.admitRegistration(schema, audit.ip, input.email)
  try {
    const password = await hashNewPassword(app, authRealm, input, input.password)
    return await transaction(tx => insertRegistered(tx, authRealm, { ...input, password }, audit))
  } catch (error) {
    await admission.undo()
    if (error instanceof ApiError && 'email' in error.body) await noteTaken(app, authRealm, input.email, audit)
    throw error
  }
}

function requireDomain(email: string, domains: string[]): void {
  if (domains.length > 0 && !domains.includes(email.split('@')[1]!))
    throw invalid({ email: [`Use an address at ${domains.join(', ')}.`] })
}

async function insertRegistered(
  tx: Db,
  authRealm: AuthRealm,
  row: Registration,
  audit: AuditContext,
): Promise<UserRow> {
  const { realm } = authRealm
  // Hashing takes a while: the settings may have changed.
  await requireOpenRegistration(authRealm, tx)
  const user = await insertUser(tx, realm, { ...row, activated_at: null })
  await openLink(tx, realm, 'activation', eq(realm.tables.users.id, user.id))
  await enqueueMail(tx, authRealm, { kind: 'activation', to: user.email, data: { user: user.id } })
  const details = { email: user.email }
  await recordAudit(tx, realm, audit, { action: 'user.registered', subject: user.id, details })
  return user
}

// The owner of the address is told by mail.
async function noteTaken(app: App, authRealm: AuthRealm, email: string, audit: AuditContext): Promise<void> {
  const { schema, db } = authRealm.realm
  await app.limits.countTaken(schema, audit.ip)
  if (await app.limits.admitMail(schema, email))
    await enqueueMail(db, authRealm, { kind: 'account_exists', to: email, data: {} })
}
