import { count, eq } from 'drizzle-orm'
import { canReadAudit } from '../../../../shared/permissions.ts'
import { auditColumns } from '../../../domain/audit.ts'
import { auditFilter, auditQuery } from '../../../http/audit-query.ts'
import { orderBy, toPage, windowOf } from '../../../http/list.ts'
import { defineRealmRoute } from '../../../http/route.ts'

/** What happened in this realm, newest first. */
export default defineRealmRoute({ access: canReadAudit, query: auditQuery }, async ({ authRealm, query, event }) => {
  const { db, tables } = authRealm.realm
  const { audit_events: events, users } = tables
  const where = auditFilter(tables, query)
  const window = windowOf(query)
  const joined = eq(users.id, events.actor)
  const [counted, rows] = await Promise.all([
    db.select({ count: count() }).from(events).leftJoin(users, joined).where(where),
    db.select(auditColumns(tables)).from(events).leftJoin(users, joined).where(where)
      .orderBy(...orderBy(query.ordering.length > 0 ? query.ordering : ['-created'], { created: events.created }, events.id))
      .limit(window.limit).offset(window.offset),
  ])
  return toPage(event, window, counted[0]!.count, rows)
})
