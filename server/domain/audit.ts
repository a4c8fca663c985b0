import type { Db, Realm } from '../database/realms.ts'
import { newId } from '../database/ids.ts'
import type { App, Origin } from './app.ts'
import type { AuthRealm } from './auth-realm.ts'

export type AuditAction
  = | 'session.opened' | 'session.refused' | 'session.ended' | 'session.reuse_detected'
    | 'user.created' | 'user.changed' | 'user.deleted' | 'user.password_changed' | 'user.password_reset'
    | 'department.created' | 'department.renamed' | 'department.deleted' | 'department.transferred'
    | 'organization.changed'
    | 'tenant.created' | 'tenant.suspended' | 'tenant.resumed'

export interface AuditEntry {
  action: AuditAction
  /** Id of what it was done to. */
  subject?: string
  /** Old and new values and the like; never a secret. */
  details?: Record<string, unknown>
}

/** Records an event in the realm, in the caller's transaction where there is one. */
export async function recordAudit(db: Db, { tables: { audit_events } }: Realm, origin: Origin, entry: AuditEntry): Promise<void> {
  await db.insert(audit_events).values({
    id: newId(),
    created: new Date(),
    action: entry.action,
    actor: origin.actor,
    subject: entry.subject,
    ip: origin.ip,
    request_id: origin.request_id,
    details: entry.details ?? {},
  })
}

/** Writes a security event's one line to the log. */
export function logEvent(app: App, authRealm: AuthRealm, origin: Origin, event: string, details: Record<string, unknown> = {}): void {
  app.log.info({ event, tenant: authRealm.id, user: origin.actor, ip: origin.ip, request_id: origin.request_id, ...details })
}
