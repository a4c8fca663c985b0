import { and, count, desc, eq, gt, gte, inArray, isNull, sql } from 'drizzle-orm'
import { readSizes } from '#server/database/citus.ts'
import type { TenantRealm } from '#server/database/realms.ts'
import { auditColumns } from '#server/domain/audit/audit.ts'
import { withNames } from '#server/domain/audit/names.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App } from '#server/domain/context.ts'
import { hasFactor } from '#server/domain/factors/policy.ts'
import { tenantRealmOf } from './origins.ts'
import { requireTenant } from './tenants.ts'

/**
 * Statistics of a tenant, for an operator. Nine queries for any size: the tenant, its migration and its days from the
 * platform; size, users, sign-ins by day, and the newest events with two kinds of names from its schema.
 * @param options.days number of days, back to the beginning of that day in UTC
 * @param options.withEvents whether the operator may read the events
 * @param options.target newest version of a tenant's schema
 * @throws ApiError 404
 */
export async function readInsights(
  app: App,
  tenantId: string,
  { days, withEvents, target }: { days: number; withEvents: boolean; target: string },
) {
  const tenant = await requireTenant(app, { id: tenantId })
  const since = firstDay(days)
  const [migration, counted] = await Promise.all([
    readMigration(app, tenant.schema, target),
    readDays(app, tenant.id, since),
  ])
  if (migration.version === null)
    return { migration, facts: null, days: daysFrom(since, days, counted, []), events: [] }
  const authRealm = tenantRealmOf(app, tenant)
  const { realm } = authRealm
  const [sizes, people, signIns, events] = await Promise.all([
    readSizes(app.database, [realm.schema]),
    readUsers(realm),
    readSignIns(realm, since),
    withEvents ? readEvents(authRealm) : [],
  ])
  return {
    migration,
    facts: { ...people, size: sizes.get(realm.schema) ?? 0 },
    days: daysFrom(since, days, counted, signIns),
    events,
  }
}

function firstDay(days: number): string {
  return new Date(Date.now() - (days - 1) * 86_400_000).toISOString().slice(0, 10)
}

async function readMigration({ database: { platform } }: App, schema: string, target: string) {
  const { schema_versions: versions } = platform.tables
  const rows = await platform.db
    .select({ version: versions.version, state: versions.state, error: versions.error, updated: versions.updated })
    .from(versions)
    .where(eq(versions.schema, schema))
  const row = rows[0] ?? { version: null, state: 'missing' as const, error: null, updated: null }
  return { ...row, target, is_current: row.state === 'migrated' && row.version === target }
}

function readDays({ database: { platform } }: App, tenant: string, since: string) {
  const { tenant_days: days } = platform.tables
  return platform.db
    .select({ day: days.day, requests: days.requests, errors: days.errors })
    .from(days)
    .where(and(eq(days.tenant, tenant), gte(days.day, since)))
}

async function readUsers(realm: TenantRealm) {
  const { db, tables } = realm
  const { users, sessions, departments, factors } = tables
  const live = and(isNull(sessions.revoked_at), gt(sessions.expires_at, new Date()))
  const rows = await db
    .select({
      people: count(),
      active_people: sql<number>`(count(*) filter (where ${users.is_active}))::int`,
      admins: sql<number>`(count(*) filter (where ${users.is_active} and ${users.role} = 'Admin'))::int`,
      last_sign_in: sql<string | null>`to_json(max(${users.last_login}))`,
      sessions: sql<number>`(select count(*)::int from ${sessions} where ${live})`,
      departments: sql<number>`(select count(*)::int from ${departments})`,
      with_factor: sql<number>`(count(*) filter (where ${users.is_active} and ${hasFactor(realm)}))::int`,
      passkeys: sql<number>`(select count(*)::int from ${factors} where kind = 'passkey')`,
    })
    .from(users)
  return rows[0]!
}

interface SignInDay {
  day: string
  sign_ins: number
  refusals: number
}

function readSignIns({ db, tables: { audit_events: events } }: TenantRealm, since: string): Promise<SignInDay[]> {
  const day = sql<string>`to_char(${events.created} at time zone 'utc', 'YYYY-MM-DD')`
  return db
    .select({
      day,
      sign_ins: sql<number>`(count(*) filter (where ${events.action} = 'session.opened'))::int`,
      refusals: sql<number>`(count(*) filter (where ${events.action} = 'session.refused'))::int`,
    })
    .from(events)
    .where(and(gte(events.created, new Date(since)), inArray(events.action, ['session.opened', 'session.refused'])))
    .groupBy(sql`1`)
}

async function readEvents(authRealm: AuthRealm<TenantRealm>) {
  const { db, tables } = authRealm.realm
  const { audit_events: events, users } = tables
  const rows = await db
    .select(auditColumns(tables))
    .from(events)
    .leftJoin(users, eq(users.id, events.actor))
    .orderBy(desc(events.created), desc(events.id))
    .limit(10)
  return withNames(authRealm, rows)
}

/** Every day of the period, also those without events. */
function daysFrom(
  since: string,
  days: number,
  counted: { day: string; requests: number; errors: number }[],
  signIns: SignInDay[],
) {
  const start = Date.parse(since)
  return Array.from({ length: days }, (_, i) => {
    const day = new Date(start + i * 86_400_000).toISOString().slice(0, 10)
    const { requests = 0, errors = 0 } = counted.find(row => row.day === day) ?? {}
    const { sign_ins = 0, refusals = 0 } = signIns.find(row => row.day === day) ?? {}
    return { day, requests, errors, sign_ins, refusals }
  })
}
