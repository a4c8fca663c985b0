import type { SQL } from 'drizzle-orm'
import { and, desc, eq, lt } from 'drizzle-orm'
import { newId } from '#server/database/ids.ts'
import type { Db, Realm } from '#server/database/realms.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import type { AuditAction } from '#shared/audit-actions.ts'
import type { AuditRow, NamedRealm } from './names.ts'
import { withNames } from './names.ts'

export interface AuditEntry {
  action: AuditAction
  /** Id of the user or thing that it was done to. */
  subject?: string
  /** Details such as old and new values; never a secret. */
  details?: Record<string, unknown>
}

/** Small, so that other requests are served in between. */
const batchSize = 100

/** Records an event in the realm, in the caller's transaction if there is one. */
export async function recordAudit(db: Db, realm: Realm, audit: AuditContext, entry: AuditEntry): Promise<void> {
  await recordAudits(db, realm, audit, [entry])
}

/** Records events with one cause, all with the same time. */
export async function recordAudits(
  db: Db,
  { tables: { audit_events } }: { tables: Pick<Realm['tables'], 'audit_events'> },
  audit: AuditContext,
  entries: AuditEntry[],
): Promise<void> {
  const created = new Date()
  // A statement has at most 65,535 parameters.
  for (let start = 0; start < entries.length; start += batchSize) {
    const batch = entries.slice(start, start + batchSize)
    await db.insert(audit_events).values(batch.map(entry => eventOf(entry, audit, created)))
  }
}

function eventOf({ action, subject, details }: AuditEntry, audit: AuditContext, created: Date) {
  const { actor, ip, request_id, support } = audit
  const all = { ...details, ...(support ? { support } : {}) }
  return { id: newId(), created, action, actor, subject, ip, request_id, details: all }
}

/** An event's columns, by name, with the actor's address; for a query that joins the users. */
export function auditColumns({ audit_events: events, users }: Realm['tables']) {
  const { id, created, action, actor, subject, ip, details } = events
  return { id, created, action, actor, actor_email: users.email, subject, ip, details }
}

/** The columns of the audit log as a file, in order. */
export const auditHeader = [
  'id',
  'created',
  'action',
  'actor',
  'actor_email',
  'support',
  'subject',
  'subject_name',
  'ip',
  'details',
]

/** The audit log as rows of a file, newest first, without events that are added meanwhile. */
export async function* auditBatches(named: NamedRealm, where: SQL | undefined) {
  // Ids are ordered by time, also within a millisecond.
  let last = newId()
  for (;;) {
    const rows = await readBatch(named.realm, where, last)
    if (rows.length === 0) return
    yield (await withNames(named, rows)).map(auditRow)
    last = rows.at(-1)!.id
  }
}

function readBatch({ db, tables }: Realm, where: SQL | undefined, before: string) {
  const { audit_events: events, users } = tables
  return db
    .select(auditColumns(tables))
    .from(events)
    .leftJoin(users, eq(users.id, events.actor))
    .where(and(where, lt(events.id, before)))
    .orderBy(desc(events.id))
    .limit(batchSize)
}

function auditRow({ names, ...event }: AuditRow & { names: Record<string, string> }) {
  return [
    event.id,
    event.created,
    event.action,
    event.actor,
    event.actor_email,
    // The operator who acted as this user.
    typeof event.details.support === 'string' ? event.details.support : null,
    event.subject,
    names[event.subject ?? ''] ?? null,
    event.ip,
    JSON.stringify(event.details),
  ]
}

/** Writes a security event to the log, as one line. */
export function logEvent(
  app: App,
  authRealm: AuthRealm,
  audit: AuditContext,
  event: string,
  details: Record<string, unknown> = {},
): void {
  const { actor, ip, request_id, trace_id } = audit
  app.log.info({ event, tenant: authRealm.id, user: actor, ip, request_id, trace_id, ...details })
}
