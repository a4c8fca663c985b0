import { count, eq } from 'drizzle-orm'
import { auditColumns } from '#server/domain/audit/audit.ts'
import { withNames } from '#server/domain/audit/names.ts'
import { auditFilter, auditQuery } from '#server/domain/audit/query.ts'
import { orderBy } from '#server/domain/lib/list-query.ts'
import { toPage, windowOf } from '#server/http/list.ts'
import { defineRealmRoute } from '#server/http/route.ts'
import { auditEventAnswer } from '#shared/answers/audit.ts'
import { page } from '#shared/answers/fields.ts'
import { canReadAudit } from '#shared/permissions.ts'

/** The audit events of this realm, newest first. */
export default defineRealmRoute(
  { access: canReadAudit, query: auditQuery, answer: page(auditEventAnswer) },
  async ({ authRealm, query, event }) => {
    const { realm } = authRealm
    const { db, tables } = realm
    const { audit_events: events, users } = tables
    const where = auditFilter(realm, query)
    const window = windowOf(query)
    const [counted, rows] = await Promise.all([
      db.select({ count: count() }).from(events).where(where),
      db
        .select(auditColumns(tables))
        .from(events)
        .leftJoin(users, eq(users.id, events.actor))
        .where(where)
        // Ids are ordered by time, so their index needs no additional sort.
        .orderBy(...orderBy(query.ordering, { created: events.id }, events.id))
        .limit(window.limit)
        .offset(window.offset),
    ])
    return toPage(event, window, counted[0]!.count, await withNames(authRealm, rows))
  },
)
