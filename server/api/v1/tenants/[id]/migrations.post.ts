import { canSupportTenants } from '../../../../../shared/permissions.ts'
import { recordAudit } from '../../../../domain/audit.ts'
import { requireTenant } from '../../../../domain/tenants.ts'
import { definePlatformRoute } from '../../../../http/route.ts'
import { requireRuntime } from '../../../../runtime.ts'

/** Brings one tenant's schema to the newest version now; answers what came of it. */
export default definePlatformRoute({ access: canSupportTenants }, async ({ app, authRealm: { realm }, params, origin }) => {
  const { id, subdomain } = await requireTenant(app, { id: params.id! })
  const { target, failed } = await requireRuntime().fleetRuns.migrateOne(subdomain)
  await recordAudit(realm.db, realm, origin, { action: 'tenant.migrated', subject: id, details: { target, error: failed[0]?.error ?? null } })
  return { target, error: failed[0]?.error ?? null }
})
