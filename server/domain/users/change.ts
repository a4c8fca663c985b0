import { eq } from 'drizzle-orm'
import type { Db, Realm } from '#server/database/realms.ts'
import { logEvent, recordAudit } from '#server/domain/audit/audit.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import { applyFactorRule } from '#server/domain/factors/policy.ts'
import { imageFolder, tidyImages } from '#server/domain/images/files.ts'
import type { Precondition } from '#server/domain/lib/etag.ts'
import { requireMatch } from '#server/domain/lib/etag.ts'
import { changesOf, differing } from '#server/domain/lib/diff.ts'
import { endSessions } from '#server/domain/sessions/end.ts'
import { beyondSupport } from '#server/domain/sessions/refusals.ts'
import { endSupportAccessesBy } from '#server/domain/support/sessions.ts'
import { notFound } from '#shared/errors.ts'
import { canSupportTenants } from '#shared/permissions.ts'
import { admitNewAddress, followNewAddress } from './account/address.ts'
import { explainConflict } from './conflicts.ts'
import { keepAnAdmin } from './last-admin.ts'
import { presentUser } from './present.ts'
import type { UserRow } from './users.ts'
import { userColumns } from './users.ts'

export type UserChange = Partial<
  Pick<UserRow, 'email' | 'first_name' | 'last_name' | 'language' | 'role' | 'department' | 'employee_id' | 'is_active'>
> & {
  /** Null removes the photo; `replacePhoto` sets a new one. */
  photo?: null
}

/**
 * Changes a user. Deactivation and another address end their sessions. The last active Admin stays active and an Admin.
 * @param precondition which state of the user the change is based on
 * @throws ApiError 404, 409 `last_admin`, 412, 429 for mails to a new address, or 400 on the field
 */
export async function changeUser(
  app: App,
  authRealm: AuthRealm,
  id: string,
  change: UserChange,
  audit: AuditContext,
  precondition?: Precondition,
): Promise<UserRow> {
  const { realm } = authRealm
  if (change.email !== undefined) await admitNewAddress(app, authRealm, id, change.email, audit)
  const { before, after } = await explainConflict(change, () =>
    realm.transaction(tx => changeRow(tx, app, authRealm, id, change, audit, precondition)),
  )
  if (before.photo !== after.photo) await tidyImages(imageFolder(app, realm, id), before.photo, after.photo)
  return after
}

async function changeRow(
  tx: Db,
  app: App,
  authRealm: AuthRealm,
  id: string,
  change: UserChange,
  audit: AuditContext,
  precondition: Precondition,
): Promise<{ before: UserRow; after: UserRow }> {
  const { users } = authRealm.realm.tables
  const before = await lockUser(tx, authRealm, id, change, audit)
  requireMatch(precondition, presentUser(authRealm, before))
  const values = valuesOf(before, change)
  if (audit.support) requireWithinSupport(values)
  if (Object.keys(values).length === 0) return { before, after: before }
  const after = (await tx.update(users).set(values).where(eq(users.id, id)).returning(userColumns(users)))[0]!
  await followChange(tx, app, authRealm, { before, after }, audit)
  return { before, after }
}

async function lockUser(
  tx: Db,
  { realm, recheck }: AuthRealm,
  id: string,
  { role, is_active }: UserChange,
  audit: AuditContext,
): Promise<UserRow> {
  const { users } = realm.tables
  if ((role !== undefined && role !== 'Admin') || is_active === false) await keepAnAdmin(tx, realm, id)
  const user = (await tx.select(userColumns(users)).from(users).where(eq(users.id, id)).for('update'))[0]
  if (!user) throw notFound()
  // The caller may lock themselves out, but only while they still have the right to.
  if (id === audit.actor) await recheck?.(tx, { isLast: true })
  return user
}

function valuesOf(before: UserRow, { is_active, ...fields }: UserChange) {
  return { ...differing(before, fields), ...activity(before.is_active, is_active) }
}

// A support session does not change access or language, as the change would outlast the session.
function requireWithinSupport(values: object): void {
  const lasting = ['email', 'role', 'deactivated_at', 'language']
  if (lasting.some(field => field in values)) throw beyondSupport()
}

/** Ends sessions that the user has lost the right to, and records the change, in its transaction. */
async function followChange(
  tx: Db,
  app: App,
  authRealm: AuthRealm,
  { before, after }: { before: UserRow; after: UserRow },
  audit: AuditContext,
): Promise<void> {
  const { id } = after
  if (before.is_active && !after.is_active) await endSessions(tx, authRealm, audit, id, 'deactivation')
  if (before.email !== after.email) await followNewAddress(tx, app, authRealm, { before, after }, audit)
  if (authRealm.kind === 'platform' && !(after.is_active && canSupportTenants(after)))
    await endSupportAccessesBy(tx, app, id, audit)
  if (before.role !== after.role) await applyFactorRule(tx, app, authRealm.realm, id)
  await recordChange(tx, authRealm.realm, { before, after }, audit)
  if (before.role !== after.role)
    logEvent(app, authRealm, audit, 'role_changed', { subject: id, from: before.role, to: after.role })
}

async function recordChange(
  tx: Db,
  realm: Realm,
  { before, after }: { before: UserRow; after: UserRow },
  audit: AuditContext,
): Promise<void> {
  const { id } = after
  const { photo, email, ...details } = changesOf(before, after)
  if (email) await recordAudit(tx, realm, audit, { action: 'user.email_changed', subject: id, details: { email } })
  if (photo) await recordAudit(tx, realm, audit, { action: 'user.photo_cleared', subject: id })
  if (Object.keys(details).length > 0)
    await recordAudit(tx, realm, audit, { action: 'user.changed', subject: id, details })
}

/** The columns that make a user active or inactive; none where nothing changes. */
export function activity(was: boolean, is: boolean | undefined) {
  if (is === undefined || is === was) return {}
  return is ? { activated_at: new Date(), deactivated_at: null } : { deactivated_at: new Date() }
}
