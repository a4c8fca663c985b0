import { and, sql } from 'drizzle-orm'
import type { z } from 'zod'
import { recordAudit } from '#server/domain/audit/audit.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import { listQuery } from '#server/domain/lib/list-query.ts'
import { matchesFolded } from '#server/domain/lib/search.ts'
import type { Window, WindowRows } from '#server/domain/lib/window.ts'
import { notFound } from '#shared/errors.ts'
import type { JobRun } from '#shared/answers/platform.ts'
import { soughtText } from '#shared/schemas/fields.ts'
import { hasQueues } from './job-queues.ts'

/** The channel on which processes are told to run a scheduled job now; the message is its name. */
export const jobsChannel = 'tenantry_jobs'

export const jobRunsQuery = listQuery([], ['name']).extend({
  name: soughtText(100).optional(),
})

/**
 * Runs a scheduled job as soon as possible, in one of the processes. A job that is running already runs once more.
 * @throws ApiError 404 if there is no such job
 */
export async function requestJob({ database: { platform } }: App, name: string, audit: AuditContext): Promise<void> {
  await platform.transaction(async tx => {
    if (!(await hasQueues(tx))) throw notFound()
    const found = await tx.execute(sql`select 1 from pgboss.schedule where name = ${name}`)
    if (found.length === 0) throw notFound()
    await recordAudit(tx, platform, audit, { action: 'job.started', details: { name } })
    await tx.execute(sql`select pg_notify(${jobsChannel}, ${name})`)
  })
}

/** The runs of scheduled jobs that pg-boss still has, the newest first. */
export async function listJobRuns(
  { database: { platform } }: App,
  query: z.output<typeof jobRunsQuery>,
  { limit, offset }: Window,
): Promise<WindowRows<JobRun>> {
  const { db } = platform
  if (!(await hasQueues(db))) return { count: 0, rows: [] }
  const where = and(
    sql`j.started_on is not null and j.name not like '\\_\\_pgboss\\_\\_%'`,
    query.name ? sql`j.name = ${query.name}` : undefined,
    matchesFolded(query.search, [sql`lower(j.name)`]),
  )
  const runs = sql`pgboss.job j where ${where}`
  const [counted, rows] = await Promise.all([
    db.execute<{ count: number }>(sql`select count(*)::int as count from ${runs}`),
    db.execute<JobRun>(sql`
      select j.id, j.name, j.state::text as state, to_json(j.started_on) as started, to_json(j.completed_on) as finished,
        case when j.state = 'failed' then left(coalesce(j.output->>'message', j.output->>'value'), 500) end as error
      from ${runs} order by j.started_on desc, j.id limit ${limit} offset ${offset}`),
  ])
  return { count: counted[0]!.count, rows: [...rows] }
}
