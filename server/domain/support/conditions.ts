import { and, eq } from 'drizzle-orm'
import type { Db, TenantRealm } from '#server/database/realms.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App } from '#server/domain/context.ts'
import { tenantRealmOf } from '#server/domain/tenants/origins.ts'
import { requireTenant } from '#server/domain/tenants/tenants.ts'
import { conflict, forbidden, invalid } from '#shared/errors.ts'
import { noSuchObject } from '#shared/schemas/fields.ts'

/** The user as whom an operator signs in. */
export interface SupportedUser {
  id: string
  email: string
}

/**
 * Checks that an operator may request to sign in as a user.
 * @returns the tenant's realm and the user
 * @throws ApiError 403 `support_refused`, 404, 409 where the tenant is not active, 400 on `user`
 */
export async function requireSupportable(
  app: App,
  tenantId: string,
  userId: string,
): Promise<{ authRealm: AuthRealm<TenantRealm>; user: SupportedUser }> {
  const tenant = await requireTenant(app, { id: tenantId })
  if (tenant.status !== 'active') throw conflict('The organisation is not active.', 'tenant_inactive')
  const authRealm = tenantRealmOf(app, tenant)
  const { realm } = authRealm
  await requireSupportAllowed(realm.db, realm)
  const user = await findActiveUser(realm.db, realm, userId)
  if (!user) throw invalid({ user: [noSuchObject(userId)] })
  return { authRealm, user }
}

/** Checks that the tenant allows support access. @throws ApiError 403 `support_refused` */
export async function requireSupportAllowed(db: Db, { tables: { settings } }: TenantRealm): Promise<void> {
  const rows = await db.select({ allows_support: settings.allows_support }).from(settings)
  if (!rows[0]?.allows_support) throw forbidden('This organisation does not allow support access.', 'support_refused')
}

/** @returns the user, where they are active */
export async function findActiveUser(
  db: Db,
  { tables: { users } }: TenantRealm,
  id: string,
): Promise<SupportedUser | undefined> {
  const rows = await db
    .select({ id: users.id, email: users.email })
    .from(users)
    .where(and(eq(users.id, id), eq(users.is_active, true)))
  return rows[0]
}

export function after(now: Date, seconds: number): Date {
  return new Date(now.getTime() + seconds * 1000)
}
