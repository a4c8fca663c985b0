import { and, eq } from 'drizzle-orm'
import type { Db, TenantRealm } from '#server/database/realms.ts'
import { forbidden } from '#shared/errors.ts'

/** Checks that the tenant allows support access. @throws ApiError 403 `support_refused` */
export async function requireSupportAllowed(db: Db, { tables: { settings } }: TenantRealm): Promise<void> {
  const rows = await db.select({ allows_support: settings.allows_support }).from(settings)
  if (!rows[0]?.allows_support) throw forbidden('This organisation does not allow support access.', 'support_refused')
}

/** @returns the user, where they are active */
export async function findActiveUser(db: Db, { tables: { users } }: TenantRealm, id: string) {
  const rows = await db
    .select({ id: users.id })
    .from(users)
    .where(and(eq(users.id, id), eq(users.is_active, true)))
  return rows[0]
}

export function after(now: Date, seconds: number): Date {
  return new Date(now.getTime() + seconds * 1000)
}
