import type { SQL } from 'drizzle-orm'
import { and, eq, gte, lte } from 'drizzle-orm'
import { z } from 'zod'
import type { Realm } from '../database/realms.ts'
import { listQuery, matchesSearch } from './list.ts'

const moment = z.iso.datetime({ offset: true, error: 'Enter a valid date and time, as in 2026-01-31T12:00:00Z.' }).transform(value => new Date(value)).optional()

/** What the record can be asked for, as a page and as a file. */
export const auditQuery = listQuery(['created']).extend({
  action: z.string().max(100).refine(value => !value.includes('\0') && value.isWellFormed(), 'Null characters are not allowed.').optional(),
  actor: z.guid('Enter a valid UUID.').optional(),
  subject: z.guid('Enter a valid UUID.').optional(),
  since: moment,
  until: moment,
})

/** For a query of audit events, joined with the users who acted. */
export function auditFilter({ audit_events: events, users }: Realm['tables'], query: z.output<typeof auditQuery>): SQL | undefined {
  return and(
    query.action ? eq(events.action, query.action) : undefined,
    query.actor ? eq(events.actor, query.actor) : undefined,
    query.subject ? eq(events.subject, query.subject) : undefined,
    query.since ? gte(events.created, query.since) : undefined,
    query.until ? lte(events.created, query.until) : undefined,
    matchesSearch(query.search, [events.action, users.email]),
  )
}
