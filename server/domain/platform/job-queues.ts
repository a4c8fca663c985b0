import { CronExpressionParser } from 'cron-parser'
import { sql } from 'drizzle-orm'
import type { Db } from '#server/database/realms.ts'
import type { App } from '#server/domain/context.ts'
import type { JobQueue } from '#shared/answers/platform.ts'

/** The queues of pg-boss; none before pg-boss has created its schema. Two queries. */
export async function readJobQueues({ database: { platform } }: App): Promise<JobQueue[]> {
  if (!(await hasQueues(platform.db))) return []
  return (await readQueues(platform.db)).map(row => ({
    ...row,
    next: row.cron && CronExpressionParser.parse(row.cron, { tz: 'UTC' }).next().toISOString(),
  }))
}

/** Whether pg-boss has created its schema. */
export async function hasQueues(db: Db): Promise<boolean> {
  const rows = await db.execute<{ found: boolean }>(
    sql`select to_regclass('pgboss.job') is not null and to_regclass('pgboss.schedule') is not null as found`,
  )
  return rows[0]!.found
}

function readQueues(db: Db) {
  return db.execute<Omit<JobQueue, 'next'>>(sql`
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
