import { and, desc, eq, isNotNull, or } from 'drizzle-orm'
import type { Realm } from '#server/database/realms.ts'
import { listDevices } from '#server/domain/factors/devices.ts'

const eventsLimit = 10_000

/**
 * A user's sessions, including ended ones, second factors, remembered browsers, and the newest 10,000 events by or
 * about them.
 */
export async function readPersonalData(realm: Realm, userId: string) {
  const [sessions, factors, devices, events] = await Promise.all([
    readSessions(realm, userId),
    readOwnFactors(realm, userId),
    listDevices(realm, userId),
    readEvents(realm, userId),
  ])
  // Another actor's address is that person's data.
  return {
    sessions,
    factors,
    devices,
    events: events.map(event => ({ ...event, ip: event.actor === userId ? event.ip : null })),
  }
}

function readSessions({ db, tables: { sessions } }: Realm, userId: string) {
  const { id, created, rotated_at, expires_at, revoked_at, revoked_reason, ip, user_agent } = sessions
  return db
    .select({ id, created, rotated_at, expires_at, revoked_at, revoked_reason, ip, user_agent })
    .from(sessions)
    .where(eq(sessions.user_id, userId))
    .orderBy(desc(created))
}

// Without secrets and keys.
function readOwnFactors({ db, tables: { factors } }: Realm, userId: string) {
  const { kind, name, created, last_used } = factors
  return db
    .select({ kind, name, created, last_used })
    .from(factors)
    .where(and(eq(factors.user_id, userId), isNotNull(factors.confirmed_at)))
    .orderBy(created)
}

function readEvents({ db, tables: { audit_events: events } }: Realm, userId: string) {
  const { created, action, actor, subject, ip, details } = events
  return db
    .select({ created, action, actor, subject, ip, details })
    .from(events)
    .where(or(eq(actor, userId), eq(subject, userId)))
    .orderBy(desc(created))
    .limit(eventsLimit)
}
