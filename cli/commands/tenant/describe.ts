import type { App } from '#server/domain/context.ts'
import { tenantOrigin } from '#server/domain/tenants/origins.ts'
import type { TenantRow } from '#server/domain/tenants/tenants.ts'

export const subdomain = { type: 'positional', description: "The organisation's subdomain", required: true } as const

export function identity({ id, name, subdomain, schema, tenant_id }: TenantRow) {
  return { id, name, subdomain, schema, tenant_id }
}

/** The fields of a tenant that every command prints. */
export function details({ config }: App, tenant: TenantRow) {
  return {
    ...identity(tenant),
    business_email: tenant.business_email,
    business_phone_number: tenant.business_phone_number,
    status: tenant.status,
    status_reason: tenant.status_reason,
    purge_after: tenant.purge_after,
    maintenance_since: tenant.maintenance_since,
    primary_domain: tenant.primary_domain,
    is_active: tenant.is_active,
    created: tenant.created,
    updated: tenant.updated,
    url: tenantOrigin(config, tenant),
  }
}
