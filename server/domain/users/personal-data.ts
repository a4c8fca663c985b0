import { desc, eq, or } from 'drizzle-orm'
import type { Realm } from '#server/database/realms.ts'

const eventsLimit = 10_000

/** A user's sessions, including ended ones, and the newest 10,000 events by or about them. */
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
  // Another actor's address is that person's data.
  return { sessions: own, events: rows.map(row => ({ ...row, ip: row.actor === userId ? row.ip : null })) }
}
