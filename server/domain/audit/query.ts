import type { SQL } from 'drizzle-orm'
import { and, eq, gte, inArray, lte, or, sql } from 'drizzle-orm'
import { z } from 'zod'
import type { Realm } from '#server/database/realms.ts'
import { listQuery } from '#server/domain/lib/list-query.ts'
import { matchesFolded, wordsOf } from '#server/domain/lib/search.ts'
import { matchesUsers, searchWords } from '#server/domain/users/query.ts'
import type { AuditGroup } from '#shared/audit-actions.ts'
import { auditActions } from '#shared/audit-actions.ts'
import { dayOrMoment, soughtText } from '#shared/schemas/fields.ts'
import { endOfDay, isTimeZone, startOfDay } from '#shared/time-zones.ts'

/** The filters of the audit log, for the page and the file. */
export const auditQuery = listQuery(['created'], ['action', 'details', 'actor', 'subject'], '-created').extend({
  /** An action, or all actions of a group. */
  action: soughtText(100).optional(),
  actor: z.guid('Enter a valid UUID.').optional(),
  subject: z.guid('Enter a valid UUID.').optional(),
  since: dayOrMoment().optional(),
  until: dayOrMoment().optional(),
  /** In which `since` and `until` are days. */
  time_zone: z.string().refine(isTimeZone, 'Enter a time zone such as Europe/Berlin.').optional(),
})

/** For a query of audit events, joined with the users who acted. */
export function auditFilter(
  { schema, tables: { audit_events: events, users } }: Realm,
  query: z.output<typeof auditQuery>,
): SQL | undefined {
  const zone = query.time_zone ?? 'UTC'
  return and(
    query.action ? inActions(events, query.action) : undefined,
    query.actor ? eq(events.actor, query.actor) : undefined,
    query.subject ? eq(events.subject, query.subject) : undefined,
    query.since
      ? gte(
          events.created,
          instantOf(query.since, day => startOfDay(day, zone)),
        )
      : undefined,
    query.until
      ? lte(
          events.created,
          instantOf(query.until, day => endOfDay(day, zone)),
        )
      : undefined,
    wordsOf(query.search).length > 0 ? concerns(schema, events, users, query.search) : undefined,
  )
}

function instantOf(given: Date | string, ofDay: (day: string) => Date): Date {
  return typeof given === 'string' ? ofDay(given) : given
}

function inActions(events: Realm['tables']['audit_events'], action: string): SQL {
  return Object.hasOwn(auditActions, action)
    ? inArray(events.action, [...auditActions[action as AuditGroup]])
    : eq(events.action, action)
}

// Finds users who have the name now, as actor or subject, and addresses and names in the event itself, for users who
// are deleted.
function concerns(
  schema: string,
  events: Realm['tables']['audit_events'],
  users: Realm['tables']['users'],
  search: string,
): SQL | undefined {
  // As an array, so that it is evaluated once and not for each event.
  const people = sql`array(select ${users.id} from ${users} where ${matchesUsers(schema, searchWords(search), [sql`${users.search}`])})`
  const told = sql`lower(concat_ws(' ', ${events.action}, ${events.details} ->> 'email', ${events.details} ->> 'name', ${events.details} ->> 'first_name', ${events.details} ->> 'last_name'))`
  return or(
    sql`${events.actor} = any(${people})`,
    sql`${events.subject} = any(${people})`,
    matchesFolded(search, [told]),
  )
}
