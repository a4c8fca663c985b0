import type { SQL } from 'drizzle-orm'
import { and, eq, isNull, sql } from 'drizzle-orm'
import type { z } from 'zod'
import { violatedUnique } from '#server/database/errors.ts'
import type { Db, Realm } from '#server/database/realms.ts'
import { recordAudit } from '#server/domain/audit/audit.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App, Origin } from '#server/domain/context.ts'
import { enqueueMail } from '#server/domain/mail/outbox.ts'
import type { Link } from '#server/domain/sessions/links.ts'
import { consumeLink, isReachable, openLink, requireLink, staleLink } from '#server/domain/sessions/links.ts'
import { requireOpenTenant } from '#server/domain/tenants/status.ts'
import { ApiError, forbidden, invalid } from '#shared/errors.ts'
import type { registrationSchema } from '#shared/schemas/user.ts'
import { readAccountRules } from './account-rules.ts'
import { hashNewPassword, replacePassword } from './passwords.ts'
import type { UserRow } from './users.ts'
import { insertUser } from './users.ts'

/** What people do for their own accounts, each proven by a mail. Nobody is signed in by a link. */

export type Registration = Omit<z.output<typeof registrationSchema>, 're_password'>

/** @returns how people join. @throws ApiError 403 `registration_closed` where it is by invitation */
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
 * Registers a person: Staff, and inactive until she follows the link that is mailed to her.
 * @param domains those that her address may be in; none: any
 * @throws ApiError 400 naming the field; 429 after many addresses that were taken, or many accounts
 */
export async function register(
  app: App,
  authRealm: AuthRealm,
  input: Registration,
  { domains }: { domains: string[] },
  origin: Origin,
): Promise<UserRow> {
  const { realm } = authRealm
  await app.limits.checkTaken(realm.schema, origin.ip)
  if (domains.length > 0 && !domains.includes(input.email.split('@')[1]!))
    throw invalid({ email: [`Use an address at ${domains.join(', ')}.`] })
  const admission = await app.limits.admitRegistration(realm.schema, origin.ip, input.email)
  try {
    const password = await hashNewPassword(app, authRealm, input, input.password)
    return await realm.transaction(async tx => {
      // Hashing took a while.
      await requireOpenRegistration(authRealm, tx)
      const user = await insertUser(tx, realm, { ...input, password, activated_at: null })
      await openLink(tx, realm, 'activation', eq(realm.tables.users.id, user.id))
      await enqueueMail(tx, authRealm, { kind: 'activation', to: user.email, data: { user: user.id } })
      await recordAudit(tx, realm, origin, {
        action: 'user.registered',
        subject: user.id,
        details: { email: user.email },
      })
      return user
    })
  } catch (error) {
    await admission.undo()
    if (!(error instanceof ApiError) || !('email' in error.body)) throw error
    await app.limits.countTaken(realm.schema, origin.ip)
    if (await app.limits.admitMail(realm.schema, input.email))
      await enqueueMail(realm.db, authRealm, { kind: 'account_exists', to: input.email, data: {} })
    throw error
  }
}

/**
 * Asks for another activation mail. Says nothing of whether there is such an account, and takes as long either way.
 * @throws ApiError 429 after many from one address
 */
export async function requestActivation(app: App, authRealm: AuthRealm, email: string, origin: Origin): Promise<void> {
  const { users } = authRealm.realm.tables
  await requestLink(app, authRealm, email, origin, 'activation', isNull(users.activated_at))
}

/** The same for a mail to set a new password. */
export async function requestPasswordReset(
  app: App,
  authRealm: AuthRealm,
  email: string,
  origin: Origin,
): Promise<void> {
  await requestLink(app, authRealm, email, origin, 'reset')
}

// The same statements for anyone: who it is, and whether there is anything to send, is found out when it is sent.
async function requestLink(
  app: App,
  authRealm: AuthRealm,
  email: string,
  origin: Origin,
  purpose: 'activation' | 'reset',
  condition?: SQL,
): Promise<void> {
  const { realm } = authRealm
  await app.limits.countMailRequest(realm.schema, origin.ip)
  if (!(await app.limits.admitMail(realm.schema, email))) return
  await realm.transaction(async tx => {
    await openLink(tx, realm, purpose, and(eq(realm.tables.users.email, email), isReachable(realm), condition)!)
    await enqueueMail(tx, authRealm, {
      kind: purpose === 'reset' ? 'password_reset' : 'activation_request',
      to: email,
      data: {},
    })
  })
}

/**
 * Activates an account. The link of one that is active, or was deactivated since, does nothing.
 * @throws ApiError 400 on `uid` or `token`, 403 where there is nothing to activate any more, 429
 */
export async function activate(app: App, authRealm: AuthRealm, link: Link, origin: Origin): Promise<void> {
  const { realm } = authRealm
  const { users } = realm.tables
  const { user } = await requireLink(app, authRealm, 'activation', link, origin)
  await realm.transaction(async tx => {
    // The token stays until it expires, so that a second click is told what the first one did.
    const activated = await tx
      .update(users)
      .set({ activated_at: sql`now()` })
      .where(and(eq(users.id, user.id), isNull(users.activated_at), isReachable(realm)))
      .returning({ id: users.id })
    if (activated.length === 0) throw forbidden('Stale token for given user.')
    await recordAudit(tx, realm, { ...origin, actor: user.id }, { action: 'user.activated', subject: user.id })
  })
}

export interface PasswordReset extends Link {
  new_password: string
}

/**
 * Sets a password by a link: once, and all sessions end. Of two at once, one succeeds.
 * @throws ApiError 400 on `uid`, `token` or `new_password`; 429 after many wrong links
 */
export async function resetPassword(
  app: App,
  authRealm: AuthRealm,
  { new_password, ...link }: PasswordReset,
  origin: Origin,
): Promise<void> {
  const { realm } = authRealm
  const { users } = realm.tables
  // A look first, so that a wrong link costs no hashing; what counts is that it is used up below.
  const { user, where } = await requireLink(app, authRealm, 'reset', link, origin)
  const hash = await hashNewPassword(app, authRealm, user, new_password, { field: 'new_password' })
  await realm.transaction(async tx => {
    await consumeLink(tx, realm, where)
    // Following the link proves the address, as activation does; it does not undo a deactivation.
    await tx
      .update(users)
      .set({ activated_at: sql`coalesce(${users.activated_at}, now())` })
      .where(eq(users.id, user.id))
    await replacePassword(tx, app, authRealm, user.id, hash, { ...origin, actor: user.id })
    await recordAudit(tx, realm, { ...origin, actor: user.id }, { action: 'user.password_reset', subject: user.id })
  })
}

/**
 * Asks for a mail to the new address, by which it becomes the person's own. A taken one is answered alike: its
 * owner is told instead.
 * @throws ApiError 429 after many to whichever addresses
 */
export async function requestEmailChange(
  app: App,
  authRealm: AuthRealm,
  userId: string,
  email: string,
  origin: Origin,
): Promise<void> {
  const { realm } = authRealm
  await app.limits.countEmailChange(realm.schema, userId)
  if (!(await app.limits.admitMail(realm.schema, email)) || !(await app.limits.admitStranger(email))) return
  await realm.transaction(async tx => {
    await openLink(tx, realm, 'email', eq(realm.tables.users.id, userId), { email })
    await enqueueMail(tx, authRealm, { kind: 'email_change', to: email, data: { user: userId } })
    await recordAudit(tx, realm, origin, { action: 'user.email_change_requested', subject: userId, details: { email } })
  })
}

/**
 * Makes the new address the person's own, and tells the old one.
 * @throws ApiError 400 on `uid` or `token`, also where someone else has the address by now; 429
 */
export async function confirmEmailChange(app: App, authRealm: AuthRealm, link: Link, origin: Origin): Promise<void> {
  const { realm } = authRealm
  const { payload, user, where } = await requireLink(app, authRealm, 'email', link, origin)
  if (!payload?.email || user.deactivated_at) throw staleLink()
  const email = payload.email
  try {
    await realm.transaction(async tx => {
      await consumeLink(tx, realm, where)
      await replaceEmail(tx, realm, user.id, email)
      await enqueueMail(tx, authRealm, { kind: 'email_changed', to: user.email, data: { user: user.id } })
      await recordAudit(
        tx,
        realm,
        { ...origin, actor: user.id },
        { action: 'user.email_changed', subject: user.id, details: { email: { from: user.email, to: email } } },
      )
    })
  } catch (error) {
    throw violatedUnique(error) === 'users_email' ? staleLink() : error
  }
}

// Every other link was sent to an address that is hers no more.
async function replaceEmail(
  tx: Db,
  { tables: { users, one_time_tokens: tokens } }: Realm,
  userId: string,
  email: string,
): Promise<void> {
  await tx.update(users).set({ email }).where(eq(users.id, userId))
  await tx.delete(tokens).where(eq(tokens.user_id, userId))
}
