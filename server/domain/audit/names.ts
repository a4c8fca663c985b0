import { inArray } from 'drizzle-orm'
import type { PlatformRealm, TenantRealm } from '#server/database/realms.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import { nameOf } from '#shared/people/person-name.ts'
import { uuidPattern } from '#shared/schemas/fields.ts'

export interface AuditRow {
  id: string
  created: Date
  action: string
  actor: string | null
  actor_email: string | null
  subject: string | null
  ip: string | null
  details: Record<string, unknown>
}

/** A realm and its kind: a tenant's events are about departments, the platform's about tenants. */
export type NamedRealm = Pick<AuthRealm, 'kind' | 'realm'>

/**
 * Adds the current names of the ids in each event: of users, and of a tenant's departments or the platform's tenants.
 * Deleted rows have none; the event of the deletion has the name in its details.
 */
export async function withNames<Event extends AuditRow>(
  named: NamedRealm,
  events: Event[],
): Promise<(Event & { names: Record<string, string> })[]> {
  const names = await readNames(named, [...new Set(events.flatMap(idsIn))])
  return events.map(event => ({
    ...event,
    names: Object.fromEntries(idsIn(event).flatMap(id => (names.has(id) ? [[id, names.get(id)!]] : []))),
  }))
}

async function readNames(named: NamedRealm, ids: string[]): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map()
  const [people, things] = await Promise.all([readUsers(named, ids), readThings(named, ids)])
  return new Map([
    ...things.map(({ id, name }) => [id, name] as const),
    ...people.map(person => [person.id, nameOf(person)] as const),
  ])
}

function readUsers({ realm: { db, tables } }: NamedRealm, ids: string[]) {
  const { id, first_name, last_name, email } = tables.users
  return db.select({ id, first_name, last_name, email }).from(tables.users).where(inArray(id, ids))
}

function readThings({ kind, realm }: NamedRealm, ids: string[]) {
  const { tenants, departments } = realm.tables as Partial<PlatformRealm['tables'] & TenantRealm['tables']>
  const things = (kind === 'platform' ? tenants : departments)!
  return realm.db.select({ id: things.id, name: things.name }).from(things).where(inArray(things.id, ids))
}

function idsIn({ actor, subject, details }: AuditRow): string[] {
  const values = Object.values(details).flatMap(value => (isChange(value) ? [value.from, value.to] : [value]))
  return [actor, subject, ...values].filter(value => typeof value === 'string' && uuidPattern.test(value)) as string[]
}

function isChange(value: unknown): value is { from?: unknown; to?: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
