/** The states of a tenant; server/domain/tenants/lifecycle/transitions.ts says which verb is allowed in which. */
export const tenantStatuses = ['active', 'suspended', 'deleting', 'purging'] as const
export type TenantStatus = (typeof tenantStatuses)[number]

/** What a tenant is for its callers: only an `active` one is open. `maintenance` goes before its status. */
export const storedStandings = [...tenantStatuses, 'maintenance'] as const
export type StoredStanding = (typeof storedStandings)[number]
