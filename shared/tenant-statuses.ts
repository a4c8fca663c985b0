/** The states of a tenant; server/domain/tenants/lifecycle.ts has the transitions. */
export const tenantStatuses = ['active', 'suspended', 'deleting', 'purging'] as const
export type TenantStatus = (typeof tenantStatuses)[number]
