/** The states of a tenant; server/domain/tenants/lifecycle/transitions.ts says which verb is allowed in which. */
export const tenantStatuses = ['active', 'suspended', 'deleting', 'purging'] as const
export type TenantStatus = (typeof tenantStatuses)[number]
