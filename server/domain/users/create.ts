import { newId } from '#server/database/ids.ts'
import type { Db, Realm } from '#server/database/realms.ts'
import { recordAudit } from '#server/domain/audit/audit.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import { mailWelcome } from '#server/domain/mail/welcome.ts'
import { admitOutreach } from '#server/domain/tenants/outreach.ts'
import type { Language } from '#shared/dates.ts'
import type { Role } from '#shared/answers/users.ts'
import { explainConflict } from './conflicts.ts'
import { hashNewPassword } from './passwords.ts'
import type { UserRow } from './users.ts'
import { userColumns } from './users.ts'

export interface NewUser {
  email: string
  /** In plain text; null for a user who sets it by a link. */
  password: string | null
  first_name?: string
  last_name?: string
  role?: Role
  language?: Language | null
  department?: string | null
  employee_id?: string | null
  is_active?: boolean
}

/** As it is inserted, with the password hashed. */
type NewRow = Omit<NewUser, 'is_active'> & { activated_at: Date | null; deactivated_at?: Date | null }

/**
 * Creates a user, active unless `is_active` is false.
 * @param db the transaction to use, where the user is created together with something else
 * @throws ApiError 400 on the field: a password that breaks the rules, an e-mail or employee_id that is taken,
 * a department that does not exist
 */
export async function createUser(
  app: App,
  authRealm: AuthRealm,
  input: NewUser,
  audit: AuditContext,
  db?: Db,
): Promise<UserRow> {
  const { password, is_active = true, ...fields } = input
  const hash = password === null ? null : await hashNewPassword(app, authRealm, fields, password, { db })
  const now = new Date()
  const row: NewRow = { ...fields, password: hash, activated_at: now, deactivated_at: is_active ? null : now }
  const insert = (tx: Db) => insertRecorded(tx, authRealm.realm, row, audit)
  return db ? insert(db) : authRealm.realm.transaction(insert)
}

async function insertRecorded(tx: Db, realm: Realm, row: NewRow, audit: AuditContext): Promise<UserRow> {
  const user = await insertUser(tx, realm, row)
  await recordAudit(tx, realm, audit, {
    action: 'user.created',
    subject: user.id,
    details: { email: user.email, role: user.role },
  })
  return user
}

/**
 * Creates a user without a password, and mails them a link to choose one.
 * @throws ApiError as `createUser`, 429 after many mails to the address, or from a young organisation
 */
export async function createUserByMail(
  app: App,
  authRealm: AuthRealm,
  input: NewUser,
  audit: AuditContext,
): Promise<UserRow> {
  if (input.is_active !== false) await admitOutreach(app, authRealm, [input.email])
  return authRealm.realm.transaction(async tx => {
    const user = await createUser(app, authRealm, { ...input, password: null }, audit, tx)
    if (user.is_active) {
      await app.limits.countOutreach(tx, authRealm.realm.schema, [user.email])
      await mailWelcome(tx, authRealm, user)
    }
    return user
  })
}

/**
 * Inserts a user's row.
 * @param row with the password hashed
 * @throws ApiError 400 on the field that is taken or does not exist
 */
export async function insertUser(db: Db, { tables: { users } }: Realm, row: NewRow): Promise<UserRow> {
  return explainConflict(row, async () => {
    const rows = await db
      .insert(users)
      .values({ id: newId(), date_joined: new Date(), ...row })
      .returning(userColumns(users))
    return rows[0]!
  })
}
