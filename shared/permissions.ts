import type { Role } from './types/api.ts'

/** Who asks: the signed-in user's id and role. */
export interface Actor {
  id: string
  role: Role
}

/** Says whether the actor may do a thing at all; used by the route, the page and the button alike. */
export type Permission = (actor: Actor) => boolean

const isAdmin: Permission = actor => actor.role === 'Admin'

/** Create, change, deactivate and delete other people. */
export const canManageUsers: Permission = isAdmin

/** See, send, send again and revoke invitations. */
export const canManageInvitations: Permission = isAdmin

/** Create, rename, empty and delete departments. */
export const canManageDepartments: Permission = isAdmin

/** See and end other people's sessions. */
export const canManageSessions: Permission = isAdmin

/** Read the record of what happened. */
export const canReadAudit: Permission = isAdmin

/** Change the organisation's own data and its rules for joining. */
export const canManageOrganization: Permission = isAdmin

// On the console an Admin is an Owner, Staff may only read; nobody but operators signs in there.
const isSupport: Permission = actor => actor.role === 'Admin' || actor.role === 'Support'

/** Console: see every tenant. */
export const canReadTenants: Permission = () => true

/** Console: suspend and resume tenants, and put them into maintenance. */
export const canSupportTenants: Permission = isSupport

/** Console: create, change, rename and delete tenants; their domains and keys. */
export const canManageTenants: Permission = isAdmin

/** Console: archive, restore and clone tenants, which is to hold all that they have. */
export const canManageArchives: Permission = isAdmin

/** Console: see who has signed up, let organisations in and turn them away. */
export const canDecideSignups: Permission = isAdmin
