import { sql } from 'drizzle-orm'
import type { Database } from '#server/database/realms.ts'
import type { Migration } from './files.ts'
import { targetVersion } from './files.ts'
import type { SchemaRecord } from './records.ts'
import { pendingMigrations } from './records.ts'

/** A tenant, and what its schema lacks. */
export interface FleetRow {
  subdomain: string
  schema: string
  /** The migrations that its schema lacks; null if that cannot be told. */
  pending: Migration[] | null
  /** Why it cannot be told. */
  problem: string | null
  version: string | null
  state: string | null
  error: string | null
}

export interface FleetStatus {
  target: string
  /** Number of tenants at the target version. */
  current: number
  behind: FleetState[]
}

/** A tenant that is behind, or has failed. */
export interface FleetState extends Pick<FleetRow, 'subdomain' | 'schema' | 'version' | 'error'> {
  state: string
  /** The number of migrations that its schema lacks; null if that cannot be told: then `error` says why. */
  pending: number | null
}

/** The migration state of every tenant. */
export async function fleetStatus(database: Database, migrations: Migration[]): Promise<FleetStatus> {
  const rows = await readFleet(database, migrations, {})
  const behind = rows
    .filter(row => !isCurrent(row) || row.state === 'failed')
    .map(({ subdomain, schema, version, state, pending, error, problem }) => ({
      subdomain,
      schema,
      version,
      state: state ?? 'missing',
      pending: pending && pending.length,
      error: error ?? problem,
    }))
  return { target: targetVersion(migrations), current: rows.length - behind.length, behind }
}

/** Every tenant with a schema, or some of them, in the order of their subdomains. */
export async function readFleet(
  { platform }: Database,
  migrations: Migration[],
  { subdomain, onlyFailed }: { subdomain?: string; onlyFailed?: boolean },
): Promise<FleetRow[]> {
  // Suspended tenants and tenants to be deleted may come back, so they are migrated too. Thousands of schemas have the
  // same record, which is sent and compared once. A plan is made before the platform has the column `needed`.
  const rows = await platform.db.execute<RecordedRow>(sql`
    select q.subdomain, q.schema, q.version, q.state, q.error, q.key,
      case when row_number() over (partition by q.key order by q.subdomain) = 1 then to_json(q.applied) end as applied,
      case when row_number() over (partition by q.key order by q.subdomain) = 1 then q.needed end as needed
    from (
      select t.subdomain, t.schema, t.status, v.version, v.state, v.error, v.applied,
        coalesce(to_jsonb(v) -> 'needed', '[]') as needed,
        md5(array_to_string(v.applied, ',') || coalesce(to_jsonb(v) ->> 'needed', '')) as key
      from platform.tenants t left join platform.schema_versions v on v.schema = t.schema) q
    where q.status <> 'purging' order by q.subdomain`)
  const records = new Map([...rows].flatMap(row => (row.applied ? [[row.key, recordOf(row)] as const] : [])))
  const lacking = new Map<string | null, Migration[]>()
  const fleet = [...rows].map(({ key, applied: _, needed: __, ...row }) => {
    const known = lacking.get(key)
    if (known !== undefined) return { ...row, pending: known, problem: null }
    const state = compare(row.schema, records.get(key) ?? { applied: [], needed: [] }, migrations)
    if (state.pending !== null) lacking.set(key, state.pending)
    return { ...row, ...state }
  })
  return fleet.filter(
    row => (subdomain === undefined || row.subdomain === subdomain) && (!onlyFailed || row.state === 'failed'),
  )
}

/** Whether a schema has all migrations. */
export function isCurrent({ pending }: FleetRow): boolean {
  return pending?.length === 0
}

interface RecordedRow extends Record<string, unknown>, Omit<FleetRow, 'pending' | 'problem'> {
  /** The same for all schemas with the same record; null if there is none. */
  key: string | null
  /** Of one row with each key. */
  applied: string[] | null
  needed: string[] | null
}

function recordOf({ applied, needed }: RecordedRow): SchemaRecord {
  return { applied: applied ?? [], needed: needed ?? [] }
}

function compare(schema: string, record: SchemaRecord, migrations: Migration[]): Pick<FleetRow, 'pending' | 'problem'> {
  try {
    return { pending: pendingMigrations(schema, record, migrations), problem: null }
  } catch (error) {
    return { pending: null, problem: (error as Error).message }
  }
}
