/**
 * Everything that is recorded, by what it is about. Each has its sentence in i18n/locales/<language>/audit.json.
 * `support.…` is by operators who sign in as one of a tenant's people.
 */
export const auditActions = {
  sessions: ['session.opened', 'session.ended'],
  security: ['session.refused', 'session.reuse_detected', 'user.password_refused', 'limit.reached', 'token.foreign'],
  passwords: ['user.password_changed', 'user.link_sent', 'user.password_reset', 'user.email_change_requested', 'user.email_changed'],
  people: ['user.created', 'user.registered', 'user.activated', 'user.changed', 'user.deleted', 'user.photo_replaced', 'user.photo_cleared', 'users.imported'],
  invitations: ['invitation.created', 'invitation.resent', 'invitation.revoked', 'invitation.accepted'],
  departments: ['department.created', 'department.renamed', 'department.deleted', 'department.transferred'],
  organization: ['organization.changed', 'organization.logo_replaced', 'organization.logo_cleared'],
  exports: ['users.exported', 'audit.exported'],
  support: ['support.requested', 'support.opened', 'support.ended'],
  tenants: ['tenant.created', 'tenant.suspended', 'tenant.resumed', 'tenant.migrated', 'tenants.migrated'],
  signups: ['signup.confirmed', 'signup.approved', 'signup.refused'],
  mails: ['mail.retried'],
} as const

export type AuditGroup = keyof typeof auditActions
export type AuditAction = typeof auditActions[AuditGroup][number]

export const auditGroups = Object.keys(auditActions) as AuditGroup[]

/** @returns the group that an action is in; undefined for one that this program does not know, as of a newer version */
export function auditGroupOf(action: string): AuditGroup | undefined {
  return auditGroups.find(group => (auditActions[group] as readonly string[]).includes(action))
}
