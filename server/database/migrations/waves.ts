import { sql } from 'drizzle-orm'
import type { Database } from '#server/database/realms.ts'
import type { FleetRow } from './fleet-rows.ts'

/** Tenants that are migrated together: the next wave begins when the last one of this has ended. */
export interface Wave {
  rows: FleetRow[]
  /** Whether these come first, so that a migration that fails does so before it reaches the others. */
  isCanaries: boolean
  number: number
  count: number
}

/** The smallest number of tenants of which some come first, and the largest number of these. */
const smallestFleet = 10
const mostCanaries = 5

/** @returns how many of the smallest tenants come first, if the operator does not say */
export function usualCanaries(tenants: number): number {
  return Math.min(mostCanaries, Math.floor(tenants / smallestFleet))
}

/** Divides tenants into waves: the canaries, then the others in batches. Those that have failed before come last. */
export async function divide(
  database: Database,
  rows: FleetRow[],
  { canaries = 0, batch = rows.length }: { canaries?: string[] | number; batch?: number },
): Promise<Wave[]> {
  const first = typeof canaries === 'number' ? await findSmallest(database, rows, canaries) : new Set(canaries)
  const isFirst = ({ subdomain }: FleetRow) => first.has(subdomain)
  const rest = rows.filter(row => !isFirst(row))
  const ordered = [...rest.filter(({ state }) => state !== 'failed'), ...rest.filter(({ state }) => state === 'failed')]
  const batches = Array.from({ length: Math.ceil(ordered.length / Math.max(1, batch)) }, (_, i) =>
    ordered.slice(i * batch, (i + 1) * batch),
  )
  const leading = rows.filter(isFirst)
  const waves = leading.length > 0 ? [leading, ...batches] : batches
  return waves.map((rows, i) => ({
    rows,
    isCanaries: rows === leading,
    number: i + 1,
    count: waves.length,
  }))
}

/** @returns the subdomains of tenants with the smallest tables, without those that have failed before */
async function findSmallest({ platform }: Database, rows: FleetRow[], count: number): Promise<Set<string>> {
  if (count === 0) return new Set()
  const sizes = await platform.db.execute<{ schema: string; pages: number }>(sql`
    select n.nspname as schema, sum(c.relpages)::float8 as pages from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'r' and n.nspname like 't\\_%' group by n.nspname`)
  const pages = new Map(sizes.map(row => [row.schema, row.pages]))
  const size = ({ schema }: FleetRow) => pages.get(schema) ?? Number.POSITIVE_INFINITY
  const smallest = rows.filter(({ state }) => state !== 'failed').sort((a, b) => size(a) - size(b))
  return new Set(smallest.slice(0, count).map(({ subdomain }) => subdomain))
}
