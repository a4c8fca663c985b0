import { and, eq, isNotNull, isNull, sql } from 'drizzle-orm'
import type { Realm } from '#server/database/realms.ts'
import type { App } from '#server/domain/context.ts'
import { hasPepper, markedId } from './pepper-marks.ts'

/** What in a realm is not known to be hashed with PEPPER. */
export interface PepperedCounts {
  /** Active users who have not signed in since. */
  passwords: number
  /** Active users with unused recovery codes. */
  recovery_codes: number
}

/** Counts, in two queries, whose password and whose recovery codes may need PEPPER_FALLBACK. */
export async function countPeppered({ config }: App, { db, tables }: Realm): Promise<PepperedCounts> {
  const { users, recovery_codes: codes } = tables
  const { current } = config.pepper
  // Of a hash, what comes before the part that a password is tried on.
  const salts = await db
    .select({ salt: sql<string>`left(${users.password}, 29)` })
    .from(users)
    .where(and(eq(users.is_active, true), isNotNull(users.password)))
  const unused = await db
    .select({ id: codes.id, user_id: codes.user_id, code_hash: codes.code_hash })
    .from(codes)
    .innerJoin(users, eq(users.id, codes.user_id))
    .where(and(eq(users.is_active, true), isNull(codes.used_at)))
  const owners = unused.filter(({ id, code_hash }) => markedId(current, code_hash) !== id).map(({ user_id }) => user_id)
  return {
    passwords: salts.filter(({ salt }) => !hasPepper(current, salt)).length,
    recovery_codes: new Set(owners).size,
  }
}
