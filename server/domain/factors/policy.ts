import type { SQL } from 'drizzle-orm'
import { and, eq, isNull, sql } from 'drizzle-orm'
import type { Db, Realm, TenantRealm } from '#server/database/realms.ts'
import { isTenantRealm } from '#server/database/realms.ts'
import type { App } from '#server/domain/context.ts'

/** In a query of users: whether they have a second factor. */
export function hasFactor({ tables: { users, factors } }: Realm): SQL<boolean> {
  return sql<boolean>`exists (select 1 from ${factors} f where f.user_id = ${users.id} and f.confirmed_at is not null)`
}

/**
 * In a query of users: from when they must have a second factor, by the organisation's rule; null: they need none.
 * Operators need one from the beginning, unless it is configured otherwise.
 */
export function requiredFrom({ config }: App, realm: Realm): SQL<Date | null> {
  const { users } = realm.tables
  const moment = isTenantRealm(realm) ? requiredByRule(realm) : requiredOfOperators(config, realm)
  return moment.mapWith(users.date_joined) as SQL<Date | null>
}

function requiredByRule({ tables: { users, settings } }: TenantRealm): SQL {
  return sql`(
    select case when s.second_factor = 'everyone' or (s.second_factor = 'admins' and ${users.role} = 'Admin')
      then greatest(s.second_factor_since, ${users.activated_at}) + make_interval(days => s.second_factor_grace) end
    from ${settings} s
  )`
}

function requiredOfOperators({ operatorsNeedFactor }: App['config'], { tables: { users } }: Realm): SQL {
  return operatorsNeedFactor ? sql`${users.date_joined}` : sql`null::timestamptz`
}

/** The same for users who have no second factor: from when their sessions may only be used to add one. */
export function enrolFrom(app: App, realm: Realm): SQL<Date | null> {
  const { date_joined } = realm.tables.users
  const moment = sql`case when not ${hasFactor(realm)} then ${requiredFrom(app, realm)} end`
  return moment.mapWith(date_joined) as SQL<Date | null>
}

/**
 * Applies the rule to the open sessions of a user, or of all, in the transaction that changes the rule, a role or the
 * user's factors. A session that is opened meanwhile may be missed; it follows the rule from the next sign-in on.
 */
export async function applyFactorRule(tx: Db, app: App, realm: Realm, userId?: string): Promise<void> {
  const { sessions, users } = realm.tables
  const theirs = userId === undefined ? undefined : eq(sessions.user_id, userId)
  await tx
    .update(sessions)
    .set({ enrol_from: sql`(select ${enrolFrom(app, realm)} from ${users} where ${users.id} = ${sessions.user_id})` })
    .where(and(isNull(sessions.revoked_at), isNull(sessions.support_access), theirs))
}
