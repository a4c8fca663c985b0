import { sql } from 'drizzle-orm'
import type { App } from './app.ts'

export interface JobQueue {
  name: string
  /** When it runs, in cron's five fields, UTC; null where something else starts it. */
  cron: string | null
  waiting: number
  running: number
  /** Of those that are kept: pg-boss forgets a job after some days. */
  failed: number
  last_started: string | null
  last_finished: string | null
  last_state: string | null
  /** Of the last one that failed. */
  last_error: string | null
}

/** The queues of pg-boss, whose schema is its own to make: none before that. Two queries. */
export async function readJobQueues({ database: { platform: { db } } }: App): Promise<JobQueue[]> {
  const found = await db.execute<{ found: boolean }>(sql`select to_regclass('pgboss.job') is not null and to_regclass('pgboss.schedule') is not null as found`)
  if (!found[0]!.found) return []
  return db.execute<JobQueue & Record<string, unknown>>(sql`
    select q.name, s.cron,
      count(j.id) filter (where j.state in ('created', 'retry'))::int as waiting,
      count(j.id) filter (where j.state = 'active')::int as running,
      count(j.id) filter (where j.state = 'failed')::int as failed,
      to_json(max(j.started_on)) as last_started,
      to_json(max(j.completed_on)) as last_finished,
      (array_agg(j.state::text order by j.started_on desc) filter (where j.started_on is not null))[1] as last_state,
      left((array_agg(coalesce(j.output->>'message', j.output->>'value') order by j.completed_on desc) filter (where j.state = 'failed'))[1], 500) as last_error
    from pgboss.queue q
    left join pgboss.schedule s on s.name = q.name
    left join pgboss.job j on j.name = q.name
    where q.name not like '\\_\\_pgboss\\_\\_%'
    group by q.name, s.cron order by q.name`)
}
