import { eq } from 'drizzle-orm'
import type { Realm } from '#server/database/realms.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { Language } from '#shared/dates.ts'
import { notFound } from '#shared/errors.ts'
import type { Actor } from '#shared/permissions.ts'
import { canManageUsers } from '#shared/permissions.ts'
import type { Role } from '#shared/answers/users.ts'

/** What users cannot change of their own account; the address they change with a link. */
export const adminFields = ['email', 'role', 'department', 'employee_id', 'is_active'] as const

/** The columns of a user that an answer may contain: never the password. */
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
  /** Language of the interface and of mails; null: the organisation's. */
  language: Language | null
  is_active: boolean
  date_joined: Date
  last_login: Date | null
}

/**
 * Loads a user that the actor may see: Staff see themselves, an Admin sees everyone.
 * @throws ApiError 404
 */
export async function requireVisibleUser({ realm }: AuthRealm, actor: Actor, id: string): Promise<UserRow> {
  if (id !== actor.id && !canManageUsers(actor)) throw notFound()
  const { users } = realm.tables
  const rows = await realm.db.select(userColumns(users)).from(users).where(eq(users.id, id))
  if (!rows[0]) throw notFound()
  return rows[0]
}
