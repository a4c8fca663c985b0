import { sql } from 'drizzle-orm'
import type { Registry } from 'prom-client'
import { Gauge } from 'prom-client'
import { hasQueues } from '#server/domain/platform/job-queues.ts'
import type { RunningApp } from '#server/create-app.ts'

/** Milliseconds for which the figures of the database are kept, whoever asks how often. */
const kept = 10_000

interface Figures {
  tenants: Record<string, number>
  mails: { waiting: number; failed: number; oldest: number }
  schemas: { behind: number; failed: number }
  jobs: { waiting: number; failed: number; oldest: number }
}

/**
 * What is the same for all processes: tenants by state, mails, schemas and jobs. Without a database the last figures
 * stay; `tenantry_database_up` says that it is away.
 */
export function addDatabaseGauges(registry: Registry, app: RunningApp, newestMigration: string): void {
  let figures: Figures | undefined
  let isUp = 0
  let asked = -Infinity
  let reading: Promise<void> | undefined
  /** Reads them anew if they are old; all gauges of one answer wait for the same reading. */
  async function refresh(): Promise<Figures | undefined> {
    if (performance.now() - asked >= kept) {
      asked = performance.now()
      reading = readFigures(app, newestMigration).then(
        found => void ((figures = found), (isUp = 1)),
        () => void (isUp = 0),
      )
    }
    await reading
    return figures
  }
  // All processes of a server see the same database.
  const gauge = (name: string, help: string, labelNames: string[], show: (gauge: Gauge, now: Figures) => void) =>
    new Gauge({
      name,
      help,
      labelNames,
      registers: [registry],
      aggregator: 'max',
      async collect() {
        const now = await refresh()
        if (now) show(this, now)
      },
    })
  const labelled = (own: Gauge, label: string, counts: Record<string, number>) => {
    for (const [name, count] of Object.entries(counts)) own.set({ [label]: name }, count)
  }

  gauge('tenantry_tenants', 'Organisations by status.', ['status'], (own, { tenants }) => {
    own.reset()
    labelled(own, 'status', tenants)
  })
  gauge('tenantry_mails', 'Mails that wait, and that failed.', ['state'], (own, { mails: { waiting, failed } }) =>
    labelled(own, 'state', { waiting, failed }),
  )
  gauge('tenantry_mail_lag_seconds', 'Age of the oldest mail that waits.', [], (own, { mails }) =>
    own.set(mails.oldest),
  )
  gauge('tenantry_schemas', 'Schemas that are not up to date.', ['state'], (own, { schemas }) =>
    labelled(own, 'state', schemas),
  )
  gauge(
    'tenantry_jobs',
    'Scheduled jobs that wait, and that failed.',
    ['state'],
    (own, { jobs: { waiting, failed } }) => labelled(own, 'state', { waiting, failed }),
  )
  gauge('tenantry_job_lag_seconds', 'How long the oldest job has waited.', [], (own, { jobs }) => own.set(jobs.oldest))
  new Gauge({
    name: 'tenantry_database_up',
    help: 'Whether the database answered.',
    registers: [registry],
    aggregator: 'min',
    async collect() {
      await refresh()
      this.set(isUp)
    },
  })
}

async function readFigures({ database: { platform } }: RunningApp, newest: string): Promise<Figures> {
  const { db } = platform
  const [tenants, mails, schemas] = await Promise.all([
    db.execute<{ status: string; count: number }>(
      sql`select status, count(*)::int as count from platform.tenants group by status`,
    ),
    db.execute<Figures['mails']>(sql`
      select count(*) filter (where sent_at is null and given_up_at is null)::int as waiting,
        count(*) filter (where given_up_at is not null)::int as failed,
        coalesce(extract(epoch from now() - min(due_at) filter (where sent_at is null and given_up_at is null and due_at < now())), 0)::float8 as oldest
      from platform.outbox`),
    db.execute<Figures['schemas']>(sql`
      select count(*) filter (where state = 'failed')::int as failed,
        count(*) filter (where state <> 'failed' and version is distinct from ${newest})::int as behind
      from platform.schema_versions where schema <> 'platform'`),
  ])
  const jobs = (await hasQueues(db))
    ? await db.execute<Figures['jobs']>(sql`
        select count(*) filter (where state in ('created', 'retry') and start_after < now())::int as waiting,
          count(*) filter (where state = 'failed')::int as failed,
          coalesce(extract(epoch from now() - min(start_after) filter (where state in ('created', 'retry') and start_after < now())), 0)::float8 as oldest
        from pgboss.job where name not like '\\_\\_pgboss\\_\\_%'`)
    : []
  return {
    tenants: Object.fromEntries(tenants.map(({ status, count }) => [status, count])),
    mails: mails[0]!,
    schemas: schemas[0]!,
    jobs: jobs[0] ?? { waiting: 0, failed: 0, oldest: 0 },
  }
}
