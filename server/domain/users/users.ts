import { and, eq } from 'drizzle-orm'
import { violatedReference, violatedUnique } from '#server/database/errors.ts'
import { newId } from '#server/database/ids.ts'
import type { Db, Realm } from '#server/database/realms.ts'
import { logEvent, recordAudit } from '#server/domain/audit/audit.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App, Origin } from '#server/domain/context.ts'
import { imagePlace, removePlace, tidyImages } from '#server/domain/images/files.ts'
import { changesOf, differing } from '#server/domain/lib/diff.ts'
import { mailWelcome } from '#server/domain/mail/welcome.ts'
import { beyondSupport } from '#server/domain/sessions/refusals.ts'
import { endSessions } from '#server/domain/sessions/sessions.ts'
import { endSupportAccessesBy } from '#server/domain/support/sessions.ts'
import { admitOutreach } from '#server/domain/tenants/outreach.ts'
import type { Language } from '#shared/dates.ts'
import { conflict, invalid, notFound } from '#shared/errors.ts'
import type { Actor } from '#shared/permissions.ts'
import { canManageUsers, canSupportTenants } from '#shared/permissions.ts'
import { noSuchObject } from '#shared/schemas/fields.ts'
import type { Role } from '#shared/types/people.ts'
import { hashNewPassword } from './passwords.ts'

/** A user's columns that may leave the database in an answer, by name: never the password. */
export function userColumns(users: Realm['tables']['users']) {
  return {
    id: users.id,
    email: users.email,
    first_name: users.first_name,
    last_name: users.last_name,
    photo: users.photo,
    department: users.department,
    employee_id: users.employee_id,
    role: users.role,
    language: users.language,
    is_active: users.is_active,
    date_joined: users.date_joined,
    last_login: users.last_login,
  }
}

export interface UserRow {
  id: string
  email: string
  first_name: string
  last_name: string
  photo: string | null
  department: string | null
  employee_id: string | null
  role: Role
  /** Of the interface and of mails; null: the organisation's. */
  language: Language | null
  is_active: boolean
  date_joined: Date
  last_login: Date | null
}

export interface NewUser {
  email: string
  /** Plain; null for someone who sets it by a link. */
  password: string | null
  first_name?: string
  last_name?: string
  role?: Role
  language?: Language | null
  department?: string | null
  employee_id?: string | null
  is_active?: boolean
}

export type UserChange = Partial<
  Pick<UserRow, 'first_name' | 'last_name' | 'language' | 'role' | 'department' | 'employee_id' | 'is_active'>
> & {
  /** Null takes it away; a new one comes by `replacePhoto`. */
  photo?: null
}

/**
 * Creates a person, active unless said otherwise.
 * @param db a transaction, where the person comes together with something else
 * @throws ApiError 400 naming the field: a password that breaks the rules, an e-mail or employee_id that is taken,
 * a department that is not there
 */
export async function createUser(
  app: App,
  authRealm: AuthRealm,
  input: NewUser,
  origin: Origin,
  db?: Db,
): Promise<UserRow> {
  const { password, is_active = true, ...fields } = input
  const hash = password === null ? null : await hashNewPassword(app, authRealm, fields, password, { db })
  const now = new Date()
  const insert = async (tx: Db) => {
    const user = await insertUser(tx, authRealm.realm, {
      ...fields,
      password: hash,
      activated_at: now,
      deactivated_at: is_active ? null : now,
    })
    await recordAudit(tx, authRealm.realm, origin, {
      action: 'user.created',
      subject: user.id,
      details: { email: user.email, role: user.role },
    })
    return user
  }
  return db ? insert(db) : authRealm.realm.transaction(insert)
}

/**
 * Creates a person for whom an Admin has no password: a mail brings a link to choose one.
 * @throws ApiError as `createUser`, 429 after many from a young organisation
 */
export async function createUserByMail(
  app: App,
  authRealm: AuthRealm,
  input: NewUser,
  origin: Origin,
): Promise<UserRow> {
  if (input.is_active !== false) await admitOutreach(app, authRealm, [input.email])
  return authRealm.realm.transaction(async tx => {
    const user = await createUser(app, authRealm, { ...input, password: null }, origin, tx)
    if (user.is_active) await mailWelcome(tx, authRealm, user)
    return user
  })
}

/**
 * Inserts a person's row.
 * @param row its password hashed
 * @throws ApiError 400 naming the field that is taken or not there
 */
export async function insertUser(
  db: Db,
  { tables: { users } }: Realm,
  row: Omit<NewUser, 'is_active'> & { activated_at: Date | null; deactivated_at?: Date | null },
): Promise<UserRow> {
  return explained(row, async () => {
    const rows = await db
      .insert(users)
      .values({ id: newId(), date_joined: new Date(), ...row })
      .returning(userColumns(users))
    return rows[0]!
  })
}

/**
 * Changes a person's record. Deactivating ends her sessions; the last active Admin stays one.
 * @throws ApiError 404, 409 `last_admin`, or 400 naming the field
 */
export async function changeUser(
  app: App,
  authRealm: AuthRealm,
  id: string,
  change: UserChange,
  origin: Origin,
): Promise<UserRow> {
  const { realm } = authRealm
  const { users } = realm.tables
  const { is_active, ...fields } = change
  const { before, after } = await explained(change, () =>
    realm.transaction(async tx => {
      if ((change.role !== undefined && change.role !== 'Admin') || is_active === false)
        await keepAnAdmin(tx, realm, id)
      const before = (await tx.select(userColumns(users)).from(users).where(eq(users.id, id)).for('update'))[0]
      if (!before) throw notFound()
      // What their own record says may be what the lock was waited for.
      if (id === origin.actor) await authRealm.recheck?.(tx)
      const values = { ...differing(before, fields), ...activity(before.is_active, is_active) }
      // Who has access, to what, and in which language they read, is not a matter of support: it would outlive the
      // session.
      if (origin.support && ('role' in values || 'deactivated_at' in values || 'language' in values))
        throw beyondSupport()
      if (Object.keys(values).length === 0) return { before, after: before }
      const after = (await tx.update(users).set(values).where(eq(users.id, id)).returning(userColumns(users)))[0]!
      await followChange(tx, app, authRealm, { before, after }, origin)
      return { before, after }
    }),
  )
  if (before.photo !== after.photo) await tidyImages(imagePlace(app, realm, id), before.photo, after.photo)
  return after
}

/** Ends what the user has no right to any more, and records what has changed, in the change's transaction. */
async function followChange(
  tx: Db,
  app: App,
  authRealm: AuthRealm,
  { before, after }: { before: UserRow; after: UserRow },
  origin: Origin,
): Promise<void> {
  const { realm, kind } = authRealm
  const { id } = after
  if (before.is_active && !after.is_active) await endSessions(authRealm, origin, id, 'deactivation', {}, tx)
  if (kind === 'platform' && !(after.is_active && canSupportTenants(after)))
    await endSupportAccessesBy(tx, app, id, origin)
  const { photo, ...details } = changesOf(before, after)
  if (photo) await recordAudit(tx, realm, origin, { action: 'user.photo_cleared', subject: id })
  if (Object.keys(details).length > 0)
    await recordAudit(tx, realm, origin, { action: 'user.changed', subject: id, details })
  if (before.role !== after.role)
    logEvent(app, authRealm, origin, 'role_changed', { subject: id, from: before.role, to: after.role })
}

/**
 * Loads a user through what the actor may see: Staff see themselves, an Admin everyone.
 * @throws ApiError 404
 */
export async function requireVisibleUser({ realm }: AuthRealm, actor: Actor, id: string): Promise<UserRow> {
  if (id !== actor.id && !canManageUsers(actor)) throw notFound()
  const { users } = realm.tables
  const rows = await realm.db.select(userColumns(users)).from(users).where(eq(users.id, id))
  if (!rows[0]) throw notFound()
  return rows[0]
}

/** @throws ApiError 404, or 409 for the last active Admin */
export async function deleteUser(app: App, { realm, kind }: AuthRealm, id: string, origin: Origin): Promise<void> {
  const { users } = realm.tables
  await realm.transaction(async tx => {
    await keepAnAdmin(tx, realm, id)
    const deleted = await tx
      .delete(users)
      .where(eq(users.id, id))
      .returning({ email: users.email, first_name: users.first_name, last_name: users.last_name, role: users.role })
    if (!deleted[0]) throw notFound()
    if (kind === 'platform') await endSupportAccessesBy(tx, app, id, origin)
    await recordAudit(tx, realm, origin, { action: 'user.deleted', subject: id, details: deleted[0] })
  })
  await removePlace(imagePlace(app, realm, id))
}

// Locks every active Admin, in the same order everywhere: of two who demote each other at once,
// the second waits, looks again, and finds herself the last.
async function keepAnAdmin(tx: Db, realm: Realm, id: string): Promise<void> {
  const { users } = realm.tables
  const admins = await tx
    .select({ id: users.id })
    .from(users)
    .where(and(eq(users.role, 'Admin'), eq(users.is_active, true)))
    .orderBy(users.id)
    .for('update')
  if (admins.length === 1 && admins[0]!.id === id)
    throw conflict('The last active Admin cannot be demoted, deactivated or deleted.', 'last_admin')
}

/** The moments that make a person active or not; nothing where she is so already. */
export function activity(was: boolean, is: boolean | undefined) {
  if (is === undefined || is === was) return {}
  return is ? { activated_at: new Date(), deactivated_at: null } : { deactivated_at: new Date() }
}

// The database has the last word on what is unique and what exists; this says it at the field.
async function explained<T>(input: { department?: string | null }, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const unique = violatedUnique(error)
    if (unique === 'users_email') throw invalid({ email: ['A user with this email already exists.'] })
    if (unique === 'users_employee_id') throw invalid({ employee_id: ['A user with this employee ID already exists.'] })
    if (violatedReference(error) === 'users_department_fk')
      throw invalid({ department: [noSuchObject(input.department ?? '')] })
    throw error
  }
}
