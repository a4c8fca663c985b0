/** In which states a tenant can be; server/domain/tenants/lifecycle.ts says how one leads to another. */
export const tenantStatuses = ['active', 'suspended', 'deleting', 'purging'] as const
export type TenantStatus = (typeof tenantStatuses)[number]
