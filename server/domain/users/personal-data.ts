import { desc, eq, or } from 'drizzle-orm'
import type { Realm } from '#server/database/realms.ts'

const eventsLimit = 10_000

/** A person's sessions, ended ones too, and what was done by her or to her: the newest 10,000 events. */
export async function readPersonalData({ db, tables: { sessions, audit_events: events } }: Realm, userId: string) {
  const { id, created, rotated_at, expires_at, revoked_at, revoked_reason, ip, user_agent } = sessions
  const [own, rows] = await Promise.all([
    db
      .select({ id, created, rotated_at, expires_at, revoked_at, revoked_reason, ip, user_agent })
      .from(sessions)
      .where(eq(sessions.user_id, userId))
      .orderBy(desc(created)),
    db
      .select({
        created: events.created,
        action: events.action,
        actor: events.actor,
        subject: events.subject,
        ip: events.ip,
        details: events.details,
      })
      .from(events)
      .where(or(eq(events.actor, userId), eq(events.subject, userId)))
      .orderBy(desc(events.created))
      .limit(eventsLimit),
  ])
  // The address from which somebody else acted is that person's datum.
  return { sessions: own, events: rows.map(row => ({ ...row, ip: row.actor === userId ? row.ip : null })) }
}
