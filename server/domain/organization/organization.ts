import { eq, sql } from 'drizzle-orm'
import type { z } from 'zod'
import type { Db, TenantRealm } from '#server/database/realms.ts'
import { recordAudit } from '#server/domain/audit/audit.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import { changesOf, withoutAbsent } from '#server/domain/lib/diff.ts'
import { endSupportAccessesOf } from '#server/domain/support/sessions.ts'
import { explainTaken } from '#server/domain/tenants/names.ts'
import { announceTenant } from '#server/domain/tenants/tenants.ts'
import type { Organization } from '#shared/answers/organization.ts'
import type { organizationSchema } from '#shared/schemas/organization.ts'

/** As stored: `logo` is the name of its files. */
export type StoredOrganization = Omit<Organization, 'brand_text_color'>

/** The tenant as its own users see it: partly from the platform's row, partly from its settings. */
export async function readOrganization(
  app: App,
  { id, realm }: AuthRealm<TenantRealm>,
  db: Db = realm.db,
): Promise<StoredOrganization> {
  const { tenants } = app.database.platform.tables
  const { settings } = realm.tables
  const [tenantRows, settingsRows] = await Promise.all([
    db
      .select({
        id: tenants.id,
        name: tenants.name,
        business_email: tenants.business_email,
        business_phone_number: tenants.business_phone_number,
        subdomain: tenants.subdomain,
        tenant_id: tenants.tenant_id,
      })
      .from(tenants)
      .where(eq(tenants.id, id)),
    db.select(settingsColumns(settings)).from(settings),
  ])
  return { ...tenantRows[0]!, ...settingsRows[0]! }
}

function settingsColumns(settings: TenantRealm['tables']['settings']) {
  const { registration, registration_domains, logo, brand_color, password_min_length, language, allows_support } =
    settings
  return { registration, registration_domains, logo, brand_color, password_min_length, language, allows_support }
}

/** @throws ApiError 400 when the name is taken */
export async function changeOrganization(
  app: App,
  authRealm: AuthRealm<TenantRealm>,
  change: z.output<typeof organizationSchema>,
  audit: AuditContext,
): Promise<StoredOrganization> {
  const { id, realm } = authRealm
  const { tenants } = app.database.platform.tables
  const { name, business_email, business_phone_number, ...rest } = change
  const identity = withoutAbsent({ name, business_email, business_phone_number })
  const settings = withoutAbsent(rest)
  return explainTaken(() =>
    realm.transaction(async tx => {
      await tx.execute(sql`select id from ${tenants} where id = ${id} for update`)
      const before = await readOrganization(app, authRealm, tx)
      if (Object.keys(identity).length > 0)
        await tx
          .update(tenants)
          .set({ ...identity, updated: new Date() })
          .where(eq(tenants.id, id))
      if (Object.keys(settings).length > 0) await tx.update(realm.tables.settings).set(settings)
      const after = await readOrganization(app, authRealm, tx)
      const details = changesOf(before, after)
      if (Object.keys(details).length > 0)
        await recordAudit(tx, realm, audit, { action: 'organization.changed', subject: id, details })
      if (before.allows_support && !after.allows_support)
        await endSupportAccessesOf(tx, authRealm, audit, 'revoked', null)
      await announceTenant(tx, id)
      return after
    }),
  )
}
