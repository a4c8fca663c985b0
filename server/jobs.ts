import { PgBoss } from 'pg-boss'
import type { RunningApp } from './create-app.ts'
import { reasonOf } from './database/errors.ts'
import type { Migration } from './database/migrations/files.ts'
import { deleteRetiredKeys } from './domain/keys/rotate.ts'
import { deleteOldMails } from './domain/mail/queue.ts'
import { migrateLatecomers } from './domain/migrations/latecomers.ts'
import { deleteOldArchives } from './domain/platform/archive-retention.ts'
import { queueScheduledArchive } from './domain/platform/archive-schedules.ts'
import { cleanUp } from './domain/platform/retention.ts'
import { deleteExpiredSignups } from './domain/signups/signups.ts'
import { endExpiredAccesses } from './domain/support/end.ts'
import { verifyDomains } from './domain/tenants/domains/verify.ts'
import { purgeOverdue } from './domain/tenants/purge.ts'
import { deleteFormerSubdomains } from './domain/tenants/update.ts'
import { traceWork } from './tracing/spans.ts'

interface Job {
  name: string
  /** Schedule in cron's five fields, UTC. */
  cron: string
  run: (app: RunningApp, migrations: Migration[], signal: AbortSignal) => Promise<unknown>
}

/** The scheduled jobs. Each run takes place in one process, whichever is free. */
const jobs: Job[] = [
  { name: 'clean-up', cron: '7 3 * * *', run: cleanUp },
  { name: 'drop-archives', cron: '57 2 * * *', run: deleteOldArchives },
  { name: 'queue-archives', cron: '*/5 * * * *', run: app => queueScheduledArchive(app) },
  { name: 'purge-outbox', cron: '17 3 * * *', run: deleteOldMails },
  { name: 'close-support-accesses', cron: '*/5 * * * *', run: endExpiredAccesses },
  { name: 'purge-signups', cron: '27 3 * * *', run: deleteExpiredSignups },
  { name: 'purge-tenants', cron: '*/10 * * * *', run: purgeOverdue },
  { name: 'drop-former-subdomains', cron: '27 3 * * *', run: deleteFormerSubdomains },
  { name: 'drop-retired-keys', cron: '37 3 * * *', run: deleteRetiredKeys },
  { name: 'verify-domains', cron: '47 4 * * *', run: verifyDomains },
  { name: 'migrate-latecomers', cron: '*/10 * * * *', run: migrateLatecomers },
]

const retryPause = 5_000

interface Jobs {
  /** Runs a job of this name as soon as possible; without effect if it is waiting already, or unknown. */
  run(name: string): Promise<void>
  stop(): Promise<void>
}

/**
 * Starts pg-boss on the same database, in its own schema. It has two connections of its own: it sends several
 * statements at once, which slots do not accept, and jobs and requests must not wait for each other.
 * @param migrations of a tenant's schema
 */
export function startJobs(app: RunningApp, migrations: Migration[]): Jobs {
  const boss = new PgBoss({
    connectionString: app.databaseUrl,
    application_name: 'tenantry-jobs',
    schema: 'pgboss',
    max: 2,
  })
  // The database may be away for a moment; pg-boss retries by itself.
  boss.on('error', error => app.log.warn({ event: 'job_queue_unavailable', reason: error.message }))
  const state: State = {
    app,
    migrations,
    boss,
    workers: new Map(),
    stopped: false,
    timer: undefined,
    started: undefined,
  }
  state.started = start(state)
  return { run: name => runNow(state, name), stop: () => stop(state) }
}

interface State {
  app: RunningApp
  migrations: Migration[]
  boss: PgBoss
  /** The id of each job's worker in this process. */
  workers: Map<string, string>
  stopped: boolean
  timer: NodeJS.Timeout | undefined
  /** The last attempt to start. */
  started: Promise<void> | undefined
}

async function start(state: State): Promise<void> {
  try {
    await state.boss.start()
    for (const job of jobs) await schedule(state, job)
  } catch (error) {
    state.app.log.warn({ event: 'job_start_failed', reason: reasonOf(error) })
    if (!state.stopped) state.timer = setTimeout(() => (state.started = start(state)), retryPause).unref()
  }
}

async function schedule({ app, migrations, boss, workers }: State, { name, cron, run }: Job): Promise<void> {
  await boss.createQueue(name, { policy: 'exclusive' })
  const worker = await boss.work(name, { pollingIntervalSeconds: 60 }, ([job]) =>
    traceWork(
      () => ({ name: `job ${name}` }),
      async () => void (await run(app, migrations, job!.signal)),
    ),
  )
  workers.set(name, worker)
  await boss.schedule(name, cron)
}

// Every process is told, and adds the job; the queue takes only one.
async function runNow({ app, boss, workers }: State, name: string): Promise<void> {
  const worker = workers.get(name)
  if (!worker) return
  try {
    await boss.send(name)
    boss.notifyWorker(worker)
  } catch (error) {
    app.log.warn({ event: 'job_queue_unavailable', reason: reasonOf(error) })
  }
}

async function stop(state: State): Promise<void> {
  state.stopped = true
  clearTimeout(state.timer)
  await state.started
  await state.boss.stop({ graceful: true, timeout: 5_000 }).catch(() => {})
}
