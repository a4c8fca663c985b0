import { and, eq } from 'drizzle-orm'
import type { Db, Realm } from '#server/database/realms.ts'
import { conflict } from '#shared/errors.ts'

export const lastAdminText = 'The last active Admin cannot be demoted, deactivated or deleted.'

/**
 * Checks that a user is not the last active Admin. All active Admins are locked, always in the same order. If two
 * Admins demote each other at once, the second transaction waits, reads again, and finds the last one.
 * @throws ApiError 409 `last_admin`
 */
export async function keepAnAdmin(tx: Db, realm: Realm, id: string): Promise<void> {
  const { users } = realm.tables
  const admins = await tx
    .select({ id: users.id })
    .from(users)
    .where(and(eq(users.role, 'Admin'), eq(users.is_active, true)))
    .orderBy(users.id)
    .for('update')
  if (admins.length === 1 && admins[0]!.id === id) throw conflict(lastAdminText, 'last_admin')
}
