import { sql } from 'drizzle-orm'
import type { TenantRealm } from '#server/database/realms.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import { tenantAuthRealm } from '#server/domain/auth-realm.ts'
import type { App } from '#server/domain/context.ts'

type Tenants = App['database']['platform']['tables']['tenants']

/** The columns of a tenant's realm, in a query of tenants: see `tenantAuthRealm`, and `tenantOrigin` for its origin. */
export function identityColumns(tenants: Tenants) {
  return {
    id: tenants.id,
    name: tenants.name,
    schema: tenants.schema,
    subdomain: tenants.subdomain,
    primary_domain: primaryDomain(tenants),
  }
}

/** The host of a tenant's primary domain, in a query of tenants. */
export function primaryDomain(tenants: Tenants) {
  return sql<string | null>`(select d.host from platform.domains d where d.tenant = ${tenants.id} and d.is_primary)`
}

/** The canonical origin of a tenant and base of its links: its primary domain's, or its subdomain's. */
export function tenantOrigin(
  { originOf, baseDomain }: Pick<App['config'], 'originOf' | 'baseDomain'>,
  { subdomain, primary_domain }: { subdomain: string; primary_domain: string | null },
): string {
  return originOf(primary_domain ?? `${subdomain}.${baseDomain}`)
}

/** A tenant's realm, at its canonical origin. */
export function tenantRealmOf(
  { config, database }: Pick<App, 'config' | 'database'>,
  tenant: { id: string; name: string; schema: string; subdomain: string; primary_domain: string | null },
): AuthRealm<TenantRealm> {
  return tenantAuthRealm(database, { ...tenant, origin: tenantOrigin(config, tenant) })
}

/**
 * Whether an origin belongs to a tenant: to its subdomain, to a former one that still redirects, or to a verified
 * domain.
 */
export async function isOriginOf({ config, database }: App, tenant: string, origin: string): Promise<boolean> {
  const host = URL.parse(origin)?.hostname
  if (host === undefined || config.originOf(host) !== origin) return false
  const suffix = `.${config.baseDomain}`
  const subdomain = host.endsWith(suffix) ? host.slice(0, -suffix.length) : null
  const rows = await database.platform.db.execute(
    subdomain === null
      ? sql`select 1 from platform.domains where host = ${host} and tenant = ${tenant} and verified_at is not null`
      : sql`
      select 1 from platform.tenants where subdomain = ${subdomain} and id = ${tenant}
      union all select 1 from platform.former_subdomains where subdomain = ${subdomain} and tenant = ${tenant} and redirects_until > now()`,
  )
  return rows.length > 0
}
