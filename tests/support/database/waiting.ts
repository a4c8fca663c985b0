import type { Sql } from 'postgres'
import { citusUrl } from '../citus/databases.ts'

/**
 * @param program the name that its connections have in PostgreSQL
 * @returns how many of them wait for a lock in this database; on a Citus cluster, also how many on the other machines
 */
export async function countWaiting(sql: Sql, program = 'tenantry'): Promise<number> {
  const rows = await sql`
    select count(*)::int as waiting from pg_stat_activity
    where application_name = ${program} and datname = current_database() and wait_event_type = 'Lock'`
  return (rows[0]!.waiting as number) + (citusUrl ? await countWaitingElsewhere(sql) : 0)
}

async function countWaitingElsewhere(sql: Sql): Promise<number> {
  const command = `
    select count(*) from pg_stat_activity
    where application_name like 'citus_internal%' and datname = current_database() and wait_event_type = 'Lock'`
  const rows = await sql`
    select coalesce(sum(result::int), 0)::int as waiting from run_command_on_workers(${command})`
  return rows[0]!.waiting as number
}
