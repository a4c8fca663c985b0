import { and, count, eq, gte, lte } from 'drizzle-orm'
import { z } from 'zod'
import { canReadAudit } from '../../../../shared/permissions.ts'
import { listQuery, matchesSearch, orderBy, toPage, windowOf } from '../../../http/list.ts'
import { defineRealmRoute } from '../../../http/route.ts'

const moment = z.iso.datetime({ offset: true, error: 'Enter a valid date and time, as in 2026-01-31T12:00:00Z.' }).transform(value => new Date(value)).optional()

const auditQuery = listQuery(['created']).extend({
  action: z.string().max(100).optional(),
  actor: z.guid('Enter a valid UUID.').optional(),
  subject: z.guid('Enter a valid UUID.').optional(),
  since: moment,
  until: moment,
})

/** What happened in this realm, newest first. */
export default defineRealmRoute({ access: canReadAudit, query: auditQuery }, async ({ authRealm, query, event }) => {
  const { db, tables: { audit_events: events, users } } = authRealm.realm
  const where = and(
    query.action ? eq(events.action, query.action) : undefined,
    query.actor ? eq(events.actor, query.actor) : undefined,
    query.subject ? eq(events.subject, query.subject) : undefined,
    query.since ? gte(events.created, query.since) : undefined,
    query.until ? lte(events.created, query.until) : undefined,
    matchesSearch(query.search, [events.action, users.email]),
  )
  const window = windowOf(query)
  const joined = eq(users.id, events.actor)
  const [counted, rows] = await Promise.all([
    db.select({ count: count() }).from(events).leftJoin(users, joined).where(where),
    db.select({
      id: events.id,
      created: events.created,
      action: events.action,
      actor: events.actor,
      actor_email: users.email,
      subject: events.subject,
      ip: events.ip,
      details: events.details,
    }).from(events).leftJoin(users, joined).where(where)
      .orderBy(...orderBy(query.ordering.length > 0 ? query.ordering : ['-created'], { created: events.created }, events.id))
      .limit(window.limit).offset(window.offset),
  ])
  return toPage(event, window, counted[0]!.count, rows)
})
