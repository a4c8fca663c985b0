import { eq, sql } from 'drizzle-orm'
import type { Realm } from '#server/database/realms.ts'

const life = 60_000
const known = new WeakMap<Realm, { cost: Promise<number>; since: number }>()

/**
 * @returns the highest cost among the password hashes of the realm's users, at most a minute old; 0 if there are none
 */
export function costliestHash(realm: Realm): Promise<number> {
  const entry = known.get(realm)
  if (entry && performance.now() - entry.since < life) return entry.cost
  const cost = readCostliest(realm)
  known.set(realm, { cost, since: performance.now() })
  cost.catch(() => known.delete(realm))
  return cost
}

async function readCostliest({ db, tables: { users } }: Realm): Promise<number> {
  // From a hash such as $2b$12$…
  const cost = sql<number>`coalesce(max(substring(${users.password} from '^\\$2[aby]\\$(\\d\\d)\\$')::int), 0)`
  const rows = await db.select({ cost }).from(users).where(eq(users.is_active, true))
  return rows[0]!.cost
}
