import { getTableColumns, inArray } from 'drizzle-orm'
import type { Db, Realm } from '#server/database/realms.ts'

/** Small enough for one statement's parameters. */
const batchSize = 500

/** The factors and recovery codes of all users of a realm. */
export type KeptFactors = Awaited<ReturnType<typeof readAllFactors>>

/** Reads what users sign in with, for a realm whose data is about to be replaced. */
export async function readAllFactors({ db, tables: { factors, recovery_codes: codes } }: Realm) {
  const [kept, keptCodes] = await Promise.all([
    db.select(getTableColumns(factors)).from(factors),
    db.select(getTableColumns(codes)).from(codes),
  ])
  return { factors: kept, codes: keptCodes }
}

/**
 * Gives it to those of the users who exist in the replaced data too. Secrets and codes are bound to the name of the
 * schema, so it must be the same in the end.
 */
export async function putFactors(tx: Db, { tables }: Realm, { factors, codes }: KeptFactors): Promise<void> {
  const { users, factors: factorsTable, recovery_codes: codesTable } = tables
  const owners = [...new Set(factors.map(({ user_id }) => user_id))]
  const known = new Set<string>()
  for (const batch of batchesOf(owners)) {
    const rows = await tx.select({ id: users.id }).from(users).where(inArray(users.id, batch))
    for (const { id } of rows) known.add(id)
  }
  for (const batch of batchesOf(factors.filter(({ user_id }) => known.has(user_id))))
    await tx.insert(factorsTable).values(batch)
  for (const batch of batchesOf(codes.filter(({ user_id }) => known.has(user_id))))
    await tx.insert(codesTable).values(batch)
}

function batchesOf<Item>(items: Item[]): Item[][] {
  return Array.from({ length: Math.ceil(items.length / batchSize) }, (_, i) =>
    items.slice(i * batchSize, (i + 1) * batchSize),
  )
}
