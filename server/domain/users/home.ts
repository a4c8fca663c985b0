import type { SQL } from 'drizzle-orm'
import { and, desc, eq, gt, isNull, ne, not, sql } from 'drizzle-orm'
import type { TenantRealm } from '#server/database/realms.ts'
import { hasFactor } from '#server/domain/factors/policy.ts'
import { alphabetical } from '#server/domain/lib/list-query.ts'
import { invitationState } from '#server/domain/invitations/invitations.ts'
import { canManageUsers } from '#shared/permissions.ts'
import type { Home, HomeTask, SetupStep } from '#shared/answers/users.ts'
import { directoryColumns } from './export.ts'
import type { UserRow } from './users.ts'

const colleaguesShown = 8
const newestShown = 5

/** The user's department, with the number of its active users and their first colleagues; null without a department. */
export async function readOwnDepartment(realm: TenantRealm, { id, department }: UserRow) {
  if (!department) return null
  const [own, colleagues] = await Promise.all([
    readDepartment(realm, department),
    readColleagues(realm, department, id),
  ])
  return own ? { ...own, colleagues } : null
}

async function readDepartment({ db, tables: { users, departments } }: TenantRealm, id: string) {
  const rows = await db
    .select({
      id: departments.id,
      name: departments.name,
      people: sql<number>`(select count(*)::int from ${users} where ${isActiveIn(users, id)})`,
    })
    .from(departments)
    .where(eq(departments.id, id))
  return rows[0]
}

function readColleagues({ db, tables }: TenantRealm, department: string, userId: string) {
  const { users } = tables
  return db
    .select(directoryColumns(tables))
    .from(users)
    .where(and(isActiveIn(users, department), ne(users.id, userId)))
    .orderBy(alphabetical(users.last_name), alphabetical(users.first_name), users.id)
    .limit(colleaguesShown)
}

function isActiveIn(users: TenantRealm['tables']['users'], department: string): SQL | undefined {
  return and(eq(users.department, department), eq(users.is_active, true))
}

/** Other active users who joined within the last 90 days, the newest first. */
export async function readNewest({ db, tables }: TenantRealm, user: UserRow) {
  const { users } = tables
  return db
    .select(directoryColumns(tables))
    .from(users)
    .where(
      and(eq(users.is_active, true), ne(users.id, user.id), gt(users.date_joined, sql`now() - interval '90 days'`)),
    )
    .orderBy(desc(users.date_joined), desc(users.id))
    .limit(newestShown)
}

/**
 * Open tasks of the user, each with a count; for an Admin also those of the organisation, and the steps of setting it
 * up, until all are done.
 */
export async function readTasks(realm: TenantRealm, user: UserRow): Promise<Pick<Home, 'tasks' | 'setup'>> {
  const own = { name: count(!user.first_name || !user.last_name), photo: count(!user.photo) }
  if (!canManageUsers(user)) return { tasks: toTasks(own), setup: null }
  const { logo, departments, colleagues, second_admin, ...tasks } = await countForAdmin(realm, user.id)
  const steps = Object.entries({ logo, departments, colleagues, second_admin }) as [SetupStep, boolean][]
  return {
    tasks: toTasks({ ...own, ...tasks }),
    setup: steps.every(([, is_done]) => is_done) ? null : steps.map(([step, is_done]) => ({ step, is_done })),
  }
}

function toTasks(counts: Partial<Record<HomeTask, number>>): Home['tasks'] {
  return (Object.entries(counts) as [HomeTask, number][])
    .filter(([, count]) => count > 0)
    .map(([task, count]) => ({ task, count }))
}

async function countForAdmin(realm: TenantRealm, userId: string) {
  const { db, tables } = realm
  const { users, departments, invitations, settings } = tables
  const active = eq(users.is_active, true)
  const open = eq(invitationState(invitations), 'open')
  const ending = sql`${invitations.expires_at} <= now() + interval '2 days'`
  const isAdmin = eq(users.role, 'Admin')
  const mustHaveFactor = sql`(${settings.second_factor} = 'everyone' or (${settings.second_factor} = 'admins' and ${isAdmin}))`
  const others = and(active, ne(users.id, userId))
  const rows = await db
    .select({
      invitations_expiring: sql<number>`(select count(*)::int from ${invitations} where ${and(open, ending)})`,
      invitations_open: sql<number>`(select count(*)::int from ${invitations} where ${and(open, sql`not ${ending}`)})`,
      without_department: sql<number>`(select count(*)::int from ${users} where ${and(active, isNull(users.department))})`,
      never_signed_in: sql<number>`(select count(*)::int from ${users} where ${and(active, isNull(users.last_login))})`,
      without_second_factor: sql<number>`(select count(*)::int from ${users} where ${and(active, mustHaveFactor, not(hasFactor(realm)))})`,
      logo: sql<boolean>`${settings.logo} is not null`,
      departments: sql<boolean>`exists (select from ${departments})`,
      colleagues: sql<boolean>`(exists (select from ${users} where ${others}) or exists (select from ${invitations} where ${open}))`,
      second_admin: sql<boolean>`(exists (select from ${users} where ${and(others, isAdmin)}) or exists (select from ${invitations} where ${and(open, eq(invitations.role, 'Admin'))}))`,
    })
    .from(settings)
  return rows[0]!
}

function count(is: boolean): number {
  return is ? 1 : 0
}
