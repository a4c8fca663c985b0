import { and, asc, eq, isNotNull } from 'drizzle-orm'
import type { Db, Realm } from '#server/database/realms.ts'
import { recordAudit } from '#server/domain/audit/audit.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import { conflict, notFound } from '#shared/errors.ts'
import { voidChallenges } from './challenges.ts'
import { forgetDevices } from './devices.ts'
import type { Recipient } from './notices.ts'
import { tellOfFactor } from './notices.ts'
import { applyFactorRule, requiredFrom } from './policy.ts'
import { countRecoveryCodes, replaceRecoveryCodes } from './recovery-codes.ts'
import { lockUser } from './second-step.ts'

/** The second factors of a user, and whether they must have one. */
export async function readFactors(app: App, realm: Realm, userId: string) {
  const { factors, users } = realm.tables
  const [rows, recovery_codes_left, required] = await Promise.all([
    realm.db
      .select(shownColumns(factors))
      .from(factors)
      .where(and(eq(factors.user_id, userId), isNotNull(factors.confirmed_at)))
      .orderBy(asc(factors.created), factors.id),
    countRecoveryCodes(realm.db, realm, userId),
    realm.db
      .select({ from: requiredFrom(app, realm) })
      .from(users)
      .where(eq(users.id, userId)),
  ])
  if (!required[0]) throw notFound()
  const required_from = required[0].from
  return { factors: rows.map(presentFactor), recovery_codes_left, required: required_from !== null, required_from }
}

function shownColumns({ id, kind, name, created, last_used, backed_up }: Realm['tables']['factors']) {
  return { id, kind, name, created, last_used, backed_up }
}

interface ShownFactor {
  id: string
  kind: 'totp' | 'passkey'
  name: string
  created: Date
  last_used: Date | null
  backed_up?: boolean | null
}

/** A factor as the API shows it: never a secret or key. */
export function presentFactor({ id, kind, name, created, last_used, backed_up }: ShownFactor) {
  return { id, kind, name, created, last_used, ...(kind === 'passkey' ? { backed_up: backed_up ?? false } : {}) }
}

/** @throws ApiError 404 */
export async function renameFactor({ realm }: AuthRealm, userId: string, id: string, name: string) {
  const { factors } = realm.tables
  const isIt = and(eq(factors.id, id), eq(factors.user_id, userId), isNotNull(factors.confirmed_at))
  const rows = await realm.transaction(tx =>
    tx.update(factors).set({ name }).where(isIt).returning(shownColumns(factors)),
  )
  if (!rows[0]) throw notFound()
  return presentFactor(rows[0])
}

/**
 * Removes a factor of the user. With the last one, recovery codes and remembered browsers go too.
 * @throws ApiError 404; 409 `factor_required` if it is the last one and the organisation requires one
 */
export async function removeFactor(
  app: App,
  authRealm: AuthRealm,
  user: Recipient,
  id: string,
  audit: AuditContext,
): Promise<void> {
  const { realm } = authRealm
  const { factors } = realm.tables
  await realm.transaction(async tx => {
    await lockUser(tx, realm, user.id)
    const isTheirs = eq(factors.user_id, user.id)
    const removed = await tx
      .delete(factors)
      .where(and(eq(factors.id, id), isTheirs))
      .returning({ kind: factors.kind, name: factors.name, confirmed_at: factors.confirmed_at })
    if (!removed[0]) throw notFound()
    const { kind, name, confirmed_at } = removed[0]
    // It was never a factor.
    if (!confirmed_at) return
    const others = await tx.$count(factors, and(isTheirs, isNotNull(factors.confirmed_at)))
    if (others === 0) {
      if (await isRequired(tx, app, realm, user.id)) throw factorRequired()
      await clearAids(tx, realm, user.id)
    }
    await voidChallenges(tx, realm, user.id)
    await recordAudit(tx, realm, audit, { action: 'factor.removed', subject: user.id, details: { kind, name } })
    await tellOfFactor(tx, authRealm, user, 'removed', name)
  })
}

async function isRequired(tx: Db, app: App, realm: Realm, userId: string): Promise<boolean> {
  const { users } = realm.tables
  const rows = await tx
    .select({ from: requiredFrom(app, realm) })
    .from(users)
    .where(eq(users.id, userId))
  return rows[0]?.from != null
}

/** What only makes sense beside a factor. */
async function clearAids(tx: Db, realm: Realm, userId: string): Promise<void> {
  const { recovery_codes: codes } = realm.tables
  await tx.delete(codes).where(eq(codes.user_id, userId))
  await forgetDevices(tx, realm, userId)
}

/**
 * Removes all factors of a user, in the caller's transaction, so that they can sign in with the password alone. The
 * caller ends their sessions.
 * @returns how many factors there were
 */
export async function resetFactors(
  tx: Db,
  app: App,
  authRealm: AuthRealm,
  user: Recipient,
  audit: AuditContext,
): Promise<number> {
  const { realm } = authRealm
  const { factors } = realm.tables
  await lockUser(tx, realm, user.id)
  const removed = await tx.delete(factors).where(eq(factors.user_id, user.id)).returning({ kind: factors.kind })
  await clearAids(tx, realm, user.id)
  await voidChallenges(tx, realm, user.id)
  await applyFactorRule(tx, app, realm, user.id)
  const kinds = removed.map(({ kind }) => kind)
  await recordAudit(tx, realm, audit, { action: 'factors.reset', subject: user.id, details: { kinds } })
  await tellOfFactor(tx, authRealm, user, 'reset')
  return removed.length
}

/** Gives a user new recovery codes and says so in a mail. @throws ApiError 409 `wrong_state` if they have no factor */
export async function renewRecoveryCodes(
  app: App,
  authRealm: AuthRealm,
  user: Recipient,
  audit: AuditContext,
): Promise<string[]> {
  const { realm } = authRealm
  const { factors } = realm.tables
  return realm.transaction(async tx => {
    await lockUser(tx, realm, user.id)
    const count = await tx.$count(factors, and(eq(factors.user_id, user.id), isNotNull(factors.confirmed_at)))
    if (count === 0) throw conflict('Add a second factor first.', 'wrong_state')
    await recordAudit(tx, realm, audit, { action: 'recovery_codes.replaced', subject: user.id })
    await tellOfFactor(tx, authRealm, user, 'recovery_codes_replaced')
    return replaceRecoveryCodes(tx, app, realm, user.id)
  })
}

function factorRequired() {
  return conflict('Your organisation requires a second factor. Add another one first.', 'factor_required')
}
