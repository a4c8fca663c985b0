/**
 * All recorded actions, by subject. Each has its sentence in i18n/locales/<language>/audit.json. `support.…` is by
 * operators who sign in as one of a tenant's users.
 */
export const auditActions = {
  sessions: ['session.opened', 'session.ended'],
  security: ['session.refused', 'session.reuse_detected', 'user.password_refused', 'limit.reached', 'token.foreign'],
  passwords: [
    'user.password_changed',
    'user.link_sent',
    'user.password_reset',
    'user.email_change_requested',
    'user.email_changed',
  ],
  factors: [
    'factor.added',
    'factor.removed',
    'factors.reset',
    'factor.refused',
    'factor.counter_refused',
    'recovery_codes.replaced',
    'recovery_code.used',
    'device.forgotten',
    'session.reauthenticated',
  ],
  people: [
    'user.created',
    'user.registered',
    'user.activated',
    'user.changed',
    'user.deleted',
    'user.photo_replaced',
    'user.photo_cleared',
    'users.imported',
  ],
  invitations: ['invitation.created', 'invitation.resent', 'invitation.revoked', 'invitation.accepted'],
  departments: ['department.created', 'department.renamed', 'department.deleted', 'department.transferred'],
  organization: [
    'organization.changed',
    'organization.logo_replaced',
    'organization.logo_cleared',
    'organization.suspended',
    'organization.resumed',
    'organization.deletion_scheduled',
    'organization.restored',
    'organization.maintenance_started',
    'organization.maintenance_ended',
    'organization.domains_changed',
    'organization.key_rotated',
    'organization.data_restored',
  ],
  exports: ['users.exported', 'audit.exported'],
  support: ['support.requested', 'support.opened', 'support.ended', 'people.searched'],
  tenants: [
    'tenant.created',
    'tenant.changed',
    'tenant.suspended',
    'tenant.resumed',
    'tenant.deletion_scheduled',
    'tenant.restored',
    'tenant.purge_started',
    'tenant.purged',
    'tenant.maintenance_started',
    'tenant.maintenance_ended',
    'tenant.migrated',
    'tenants.migrated',
    'tenants.migration_paused',
    'tenant.key_rotated',
    'tenants.exported',
    'tenants.queried',
  ],
  domains: [
    'tenant.domain_added',
    'tenant.domain_verified',
    'tenant.domain_lost',
    'tenant.domain_primary',
    'tenant.domain_removed',
  ],
  archives: [
    'tenant.exported',
    'tenant.archive_schedule_changed',
    'tenant.restored_from_archive',
    'tenant.created_from_archive',
    'tenant.cloned',
    'archive.downloaded',
    'archive.deleted',
  ],
  signups: ['signup.confirmed', 'signup.approved', 'signup.refused'],
  mails: ['mail.retried'],
  jobs: ['job.started'],
} as const

export type AuditGroup = keyof typeof auditActions
export type AuditAction = (typeof auditActions)[AuditGroup][number]

export const auditGroups = Object.keys(auditActions) as AuditGroup[]

/** @returns the group of an action; undefined for an unknown action, such as one of a newer version */
export function auditGroupOf(action: string): AuditGroup | undefined {
  return auditGroups.find(group => (auditActions[group] as readonly string[]).includes(action))
}
