import type { App } from '#server/domain/context.ts'
import { etagOf } from '#server/domain/lib/etag.ts'
import { presentOperation } from '#server/domain/operations/present.ts'
import type { TenantDetails } from './details.ts'
import { requireTenantDetails } from './details.ts'
import type { DomainRow } from './domains/domains.ts'
import { challengeName } from './domains/domains.ts'
import { tenantOrigin } from './origins.ts'
import type { TenantRow } from './tenants.ts'

export function presentTenant(config: App['config'], tenant: TenantRow) {
  return {
    id: tenant.id,
    name: tenant.name,
    business_phone_number: tenant.business_phone_number,
    business_email: tenant.business_email,
    is_active: tenant.is_active,
    schema: tenant.schema,
    subdomain: tenant.subdomain,
    tenant_id: tenant.tenant_id,
    status: tenant.status,
    status_reason: tenant.status_reason,
    status_changed: tenant.status_changed,
    purge_after: tenant.purge_after,
    maintenance_since: tenant.maintenance_since,
    primary_domain: tenant.primary_domain,
    url: tenantOrigin(config, tenant),
    created: tenant.created,
    updated: tenant.updated,
  }
}

/** A tenant with the entity tag of what operators can change. */
export function presentChangeable(config: App['config'], tenant: TenantRow) {
  const { name, subdomain, business_email, business_phone_number } = tenant
  return {
    ...presentTenant(config, tenant),
    etag: etagOf({ name, subdomain, business_email, business_phone_number }),
  }
}

/** One tenant with all that operators see. @throws ApiError 404 */
export async function readTenantDetails(app: App, id: string) {
  return presentTenantDetails(app.config, await requireTenantDetails(app, { id }))
}

function presentTenantDetails(config: App['config'], tenant: TenantDetails) {
  const { version, people, admin, domains, former_subdomains, operation } = tenant
  return {
    ...presentChangeable(config, tenant),
    version,
    people,
    admin,
    domains: domains.map(presentDomain),
    former_subdomains,
    operation: operation && presentOperation(operation),
  }
}

export function presentDomain({
  host,
  is_primary,
  challenge,
  created,
  verified_at,
  checked_at,
  last_error,
}: DomainRow) {
  return {
    host,
    is_primary,
    challenge: { name: challengeName(host), value: challenge },
    created,
    verified_at,
    checked_at,
    last_error,
  }
}
