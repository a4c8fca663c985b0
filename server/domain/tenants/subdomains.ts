import type { SQL } from 'drizzle-orm'
import { sql } from 'drizzle-orm'
import type { Db, PlatformRealm } from '#server/database/realms.ts'
import type { ApiError } from '#shared/errors.ts'
import { invalid } from '#shared/errors.ts'
import { subdomainSchema } from '#shared/schemas/tenants.ts'
import { similarLetters, similarPairs, skeletonOf, subdomainFrom } from '#shared/subdomains.ts'
import type { SubdomainAnswer } from '#shared/answers/signups.ts'

/**
 * The tenant or sign-up that may own the subdomain: a renamed tenant conflicts only with others, and a sign-up only
 * with earlier ones.
 */
export interface Owner {
  tenant?: string
  signup?: string
}

/** The same answer for a subdomain that another tenant has, had or waits for, and for one that looks like it. */
export function subdomainTaken(): ApiError {
  return invalid({ subdomain: ['This subdomain is taken.'] })
}

/**
 * Makes sure, until the transaction ends, that nobody has the subdomain or one that looks like it.
 * @throws ApiError 400 on `subdomain`
 */
export async function requireFreeSubdomain(
  tx: Db,
  platform: PlatformRealm,
  subdomain: string,
  owner: Owner = {},
): Promise<void> {
  // No index can find similar names, so requests for similar names run one after the other.
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`subdomain ${skeletonOf(subdomain)}`}, 0))`)
  if (!(await isFree(tx, platform, subdomain, owner))) throw subdomainTaken()
}

/** @returns whether it is available, and a free one instead */
export async function suggestSubdomain(
  platform: PlatformRealm,
  wish: { subdomain?: string; name?: string },
): Promise<SubdomainAnswer> {
  const subdomain = wish.subdomain ?? subdomainFrom(wish.name ?? '')
  if (await isAvailable(platform, subdomain)) return { subdomain, available: true, suggestion: null }
  const base = subdomainFrom(subdomain)
  const others = ['-team', '-staff', '-2', '-3', '-4', '-5'].map(end => `${base.slice(0, 40 - end.length)}${end}`)
  for (const other of base ? others : [])
    if (await isAvailable(platform, other)) return { subdomain, available: false, suggestion: other }
  return { subdomain, available: false, suggestion: null }
}

async function isAvailable(platform: PlatformRealm, subdomain: string): Promise<boolean> {
  return subdomainSchema.safeParse(subdomain).data === subdomain && isFree(platform.db, platform, subdomain)
}

/** The same as `skeletonOf`, in SQL. */
function skeletonIn(column: unknown): SQL {
  const from = `${Object.keys(similarLetters).join('')}-`
  const letters = sql`translate(${column}, ${from}, ${Object.values(similarLetters).join('')})`
  return similarPairs.reduce((text, [pair, letter]) => sql`replace(${text}, ${pair}, ${letter})`, letters)
}

async function isFree(
  db: Db,
  { tables: { tenants, former_subdomains: former, tombstones, signups } }: PlatformRealm,
  subdomain: string,
  owner: Owner = {},
): Promise<boolean> {
  const looksAlike = (column: unknown): SQL => sql`${skeletonIn(column)} = ${skeletonOf(subdomain)}`
  const isAnothers = (column: unknown, id: string | undefined): SQL =>
    id === undefined ? sql`true` : sql`${column} <> ${id}`
  const rows = await db.execute<{ taken: boolean }>(sql`select
    exists (select from ${tenants} where ${looksAlike(tenants.subdomain)} and ${isAnothers(tenants.id, owner.tenant)})
    or exists (select from ${former} where ${looksAlike(former.subdomain)} and ${former.redirects_until} > now() and ${isAnothers(former.tenant, owner.tenant)})
    or exists (select from ${tombstones} where ${looksAlike(tombstones.subdomain)} and ${tombstones.quarantined_until} > now())
    or exists (select from ${signups} where ${looksAlike(signups.subdomain)} and ${signups.confirmed_at} is not null and ${signups.refused_at} is null
      and ${signups.tenant} is null and ${isAnothers(signups.id, owner.signup)})
    as taken`)
  return !rows[0]!.taken
}
