import type { Role } from './types/people.ts'

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

/** Read the record of what happened; on the console also Support. */
export const canReadAudit: Permission = ({ role }) => role === 'Admin' || role === 'Support'

/** Change the organisation's own data and its rules for joining. */
export const canManageOrganization: Permission = isAdmin

/** Console: see the tenants and how the platform does. Every operator. */
export const canReadTenants: Permission = ({ role }) => role === 'Admin' || role === 'Support' || role === 'Staff'

/** Console: help tenants: see whom mails go to, suspend, sign in as someone with a reason. Owner and Support. */
export const canSupportTenants: Permission = ({ role }) => role === 'Admin' || role === 'Support'

/** Console: create, rename and delete tenants, and what concerns all of them. Owner. */
export const canManageTenants: Permission = isAdmin

/** Console: see who has signed up, let organisations in and turn them away. */
export const canDecideSignups: Permission = isAdmin

/** Console: archive, restore and clone tenants, which is to hold all that they have. */
export const canManageArchives: Permission = isAdmin
