import type { App } from './app.ts'
import { tenantAuthRealm } from './auth-realm.ts'
import { enqueueMail } from './outbox.ts'
import { tenantOrigin } from './tenant-origins.ts'
import type { TenantRow } from './tenants.ts'

/** Sends a new tenant's first Admin a mail with a link to choose a password, in place of the one that was made with her. */
export async function inviteFirstAdmin({ config, database }: App, tenant: TenantRow, admin: { id: string, email: string }): Promise<void> {
  const authRealm = tenantAuthRealm(database, { ...tenant, origin: tenantOrigin(config, tenant) })
  await enqueueMail(database.platform.db, authRealm, { kind: 'welcome', to: admin.email, data: { user: admin.id } })
}
