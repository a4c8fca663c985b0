import { recordAudit } from '#server/domain/audit/audit.ts'
import { migrateTenant } from '#server/domain/migrations/work.ts'
import { requireTenant } from '#server/domain/tenants/tenants.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { requireRuntime } from '#server/runtime.ts'
import { tenantMigrationResultAnswer } from '#shared/answers/migrations.ts'
import { canSupportTenants } from '#shared/permissions.ts'

/** Migrates one tenant's schema now, and returns the result. */
export default definePlatformRoute(
  { summary: 'Migrate an organisation', access: canSupportTenants, answer: tenantMigrationResultAnswer },
  async ({ app, authRealm: { realm }, params, audit }) => {
    const { id, subdomain } = await requireTenant(app, { id: params.id! })
    const { target, failed } = await migrateTenant(app, requireRuntime().migrations.tenant, subdomain)
    await recordAudit(realm.db, realm, audit, {
      action: 'tenant.migrated',
      subject: id,
      details: { target, error: failed[0]?.error ?? null },
    })
    return { target, error: failed[0]?.error ?? null }
  },
)
