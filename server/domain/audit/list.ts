import { count, eq } from 'drizzle-orm'
import type { z } from 'zod'
import { orderBy } from '#server/domain/lib/list-query.ts'
import type { Window } from '#server/domain/lib/window.ts'
import { readWindow } from '#server/domain/lib/window.ts'
import { auditColumns } from './audit.ts'
import type { NamedRealm } from './names.ts'
import { withNames } from './names.ts'
import type { auditQuery } from './query.ts'
import { auditFilter } from './query.ts'

/** The audit events of a realm, with the names of whom they are about. */
export async function listEvents(named: NamedRealm, query: z.output<typeof auditQuery>, window: Window) {
  const { db, tables } = named.realm
  const { audit_events: events, users } = tables
  const where = auditFilter(named.realm, query)
  const { count: total, rows } = await readWindow(
    db.select({ count: count() }).from(events).where(where),
    db
      .select(auditColumns(tables))
      .from(events)
      .leftJoin(users, eq(users.id, events.actor))
      .where(where)
      // Ids are ordered by time, so their index needs no additional sort.
      .orderBy(...orderBy(query.ordering, { created: events.id }, events.id)),
    window,
  )
  return { count: total, rows: await withNames(named, rows) }
}
