import type { Role } from './answers/users.ts'

/** The signed-in user's id and role. */
export interface Actor {
  id: string
  role: Role
}

/** Whether the actor may do something at all; used by the route, the page and the button. */
export type Permission = (actor: Actor) => boolean

const isAdmin: Permission = actor => actor.role === 'Admin'

/** Create, change, deactivate and delete other users. */
export const canManageUsers: Permission = isAdmin

/** See, send, resend and revoke invitations. */
export const canManageInvitations: Permission = isAdmin

/** Create, rename, empty and delete departments. */
export const canManageDepartments: Permission = isAdmin

/** See and end other users' sessions. */
export const canManageSessions: Permission = isAdmin

/** Read the audit; on the console, Support may too. */
export const canReadAudit: Permission = ({ role }) => role === 'Admin' || role === 'Support'

/** Change the organisation's own data and its rules for joining. */
export const canManageOrganization: Permission = isAdmin

/** Console: see the tenants and the platform's health. Every operator. */
export const canReadTenants: Permission = ({ role }) => role === 'Admin' || role === 'Support' || role === 'Staff'

/** Console: see recipients of mails, suspend tenants, sign in as a user with a reason. Owner and Support. */
export const canSupportTenants: Permission = ({ role }) => role === 'Admin' || role === 'Support'

/** Console: create, rename and delete tenants, and actions on all of them. Owner. */
export const canManageTenants: Permission = isAdmin

/** Console: see, approve and refuse sign-ups. */
export const canDecideSignups: Permission = isAdmin

/** Console: archive, restore and clone tenants, which gives access to all of their data. */
export const canManageArchives: Permission = isAdmin
