import { and, asc, eq, isNotNull, not } from 'drizzle-orm'
import type { App } from '#server/domain/context.ts'
import { hasFactor } from '#server/domain/factors/policy.ts'
import type { Check } from './check.ts'

/** Whether operators who sign in have a second factor. */
export async function checkOperators({ config, database: { platform } }: App): Promise<Check> {
  const { users } = platform.tables
  const rows = await platform.db
    .select({ email: users.email })
    .from(users)
    .where(and(eq(users.is_active, true), isNotNull(users.last_login), not(hasFactor(platform))))
    .orderBy(asc(users.email))
  return {
    name: 'operators',
    found: describe(rows.length, await platform.db.$count(users, eq(users.is_active, true))),
    problems: config.production
      ? rows.map(({ email }) => `${email} has no second factor. They can add one in their profile on the console.`)
      : [],
  }
}

function describe(without: number, active: number): string {
  if (active === 0) return 'none yet'
  return without === 0 ? 'all have a second factor' : `${without} without a second factor`
}
