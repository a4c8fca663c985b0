import { eq, sql } from 'drizzle-orm'
import type { z } from 'zod'
import type { Db, PlatformRealm, TenantRealm } from '#server/database/realms.ts'
import { recordAudit } from '#server/domain/audit/audit.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import { applyFactorRule } from '#server/domain/factors/policy.ts'
import type { Precondition } from '#server/domain/lib/etag.ts'
import { requireMatch } from '#server/domain/lib/etag.ts'
import { changesOf, withoutAbsent } from '#server/domain/lib/diff.ts'
import { endSupportAccessesOf } from '#server/domain/support/sessions.ts'
import { explainTaken } from '#server/domain/tenants/names.ts'
import { announceTenant } from '#server/domain/tenants/tenants.ts'
import type { SecondFactorPolicy } from '#shared/factors/policy.ts'
import type { organizationSchema } from '#shared/schemas/organization.ts'
import type { StoredOrganization } from './present.ts'
import { presentOrganization } from './present.ts'

/** The tenant as its own users see it: partly from the platform's row, partly from its settings. */
export async function readOrganization(
  app: App,
  { id, realm }: AuthRealm<TenantRealm>,
  db: Db = realm.db,
): Promise<StoredOrganization> {
  const { tenants } = app.database.platform.tables
  const { settings } = realm.tables
  const [tenantRows, settingsRows] = await Promise.all([
    db.select(identityColumns(tenants)).from(tenants).where(eq(tenants.id, id)),
    db.select(settingsColumns(settings)).from(settings),
  ])
  return { ...tenantRows[0]!, ...settingsRows[0]! }
}

function identityColumns(tenants: PlatformRealm['tables']['tenants']) {
  const { id, name, business_email, business_phone_number, subdomain, tenant_id } = tenants
  return { id, name, business_email, business_phone_number, subdomain, tenant_id }
}

function settingsColumns(settings: TenantRealm['tables']['settings']) {
  return {
    registration: settings.registration,
    registration_domains: settings.registration_domains,
    logo: settings.logo,
    brand_color: settings.brand_color,
    password_min_length: settings.password_min_length,
    language: settings.language,
    allows_support: settings.allows_support,
    second_factor: settings.second_factor,
    second_factor_grace: settings.second_factor_grace,
  }
}

/**
 * @param guardRule throws if the caller may not change the rule for second factors now
 * @throws ApiError 412, or 400 when the name is taken
 */
export async function changeOrganization(
  app: App,
  authRealm: AuthRealm<TenantRealm>,
  change: z.output<typeof organizationSchema>,
  audit: AuditContext,
  precondition?: Precondition,
  guardRule?: (tx: Db) => Promise<void>,
): Promise<StoredOrganization> {
  const { id, realm } = authRealm
  const { tenants } = app.database.platform.tables
  return explainTaken(() =>
    realm.transaction(async tx => {
      await tx.execute(sql`select id from ${tenants} where id = ${id} for update`)
      const before = await readOrganization(app, authRealm, tx)
      requireMatch(precondition, presentOrganization(before))
      if (changesRule(before, { ...before, ...withoutAbsent(change) })) await guardRule?.(tx)
      await storeChange(tx, app, authRealm, change)
      const after = await readOrganization(app, authRealm, tx)
      await followChange(tx, app, authRealm, { before, after }, audit)
      await announceTenant(tx, id)
      return after
    }),
  )
}

async function storeChange(
  tx: Db,
  { database }: App,
  { id, realm }: AuthRealm<TenantRealm>,
  { name, business_email, business_phone_number, ...rest }: z.output<typeof organizationSchema>,
): Promise<void> {
  const { tenants } = database.platform.tables
  const identity = withoutAbsent({ name, business_email, business_phone_number })
  const settings = withoutAbsent(rest)
  if (Object.keys(identity).length > 0) {
    const values = { ...identity, updated: new Date() }
    await tx.update(tenants).set(values).where(eq(tenants.id, id))
  }
  if (Object.keys(settings).length > 0) await tx.update(realm.tables.settings).set(settings)
}

/** Records the change, applies the rule for second factors, and ends support sessions that are no longer allowed. */
async function followChange(
  tx: Db,
  app: App,
  authRealm: AuthRealm<TenantRealm>,
  { before, after }: { before: StoredOrganization; after: StoredOrganization },
  audit: AuditContext,
): Promise<void> {
  const { id, realm } = authRealm
  const details = changesOf(before, after)
  if (Object.keys(details).length > 0)
    await recordAudit(tx, realm, audit, { action: 'organization.changed', subject: id, details })
  if (before.allows_support && !after.allows_support) await endSupportAccessesOf(tx, authRealm, audit, 'revoked', null)
  if (changesRule(before, after)) await followFactorRule(tx, app, authRealm, before.second_factor, after.second_factor)
}

type Rule = Pick<StoredOrganization, 'second_factor' | 'second_factor_grace'>

function changesRule(before: Rule, after: Rule): boolean {
  return before.second_factor !== after.second_factor || before.second_factor_grace !== after.second_factor_grace
}

/** The grace period counts from when the rule became the current one. */
async function followFactorRule(
  tx: Db,
  app: App,
  { realm }: AuthRealm<TenantRealm>,
  before: SecondFactorPolicy,
  after: SecondFactorPolicy,
): Promise<void> {
  if (before !== after) {
    const second_factor_since = after === 'optional' ? null : new Date()
    await tx.update(realm.tables.settings).set({ second_factor_since })
  }
  await applyFactorRule(tx, app, realm)
}
