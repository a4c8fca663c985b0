import { sql } from 'drizzle-orm'
import { isConflict } from '#server/database/errors.ts'
import type { Database } from '#server/database/realms.ts'
import { failureOf } from './error.ts'

/** Why a schema could not be migrated, in one line; where something held a lock, who holds one now. */
export async function describeFailure(database: Database, schema: string, error: unknown): Promise<string> {
  const failure = failureOf(error).split('\n')[0]!
  if (!isConflict(error)) return failure
  const holders = await findHolders(database, schema).catch(() => [])
  return holders.length === 0
    ? `${failure}. Something else held a lock. Run: tenantry migrate retry`
    : `${failure}. Locks are held by ${holders.join(', ')}. When that has ended, run: tenantry migrate retry`
}

/** The processes of PostgreSQL that hold locks of a schema's tables: the first ones. */
async function findHolders({ platform }: Database, schema: string): Promise<string[]> {
  const rows = await platform.db.execute<{ pid: number; name: string; state: string | null }>(sql`
    select a.pid, coalesce(nullif(a.application_name, ''), 'unnamed') as name, a.state
    from pg_stat_activity a
    where a.pid <> pg_backend_pid() and exists (
      select from pg_locks l join pg_class c on c.oid = l.relation join pg_namespace n on n.oid = c.relnamespace
      where l.pid = a.pid and l.granted and l.locktype = 'relation' and n.nspname = ${schema}
        and l.database = (select oid from pg_database where datname = current_database()))
    order by a.xact_start limit 3`)
  return [...rows].map(({ pid, name, state }) => `process ${pid} (${[name, state].filter(Boolean).join(', ')})`)
}
