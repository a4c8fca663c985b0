import type { RunningApp } from '#server/create-app.ts'
import type { Migration } from '#server/database/migrations/files.ts'
import type { MigrationSets } from '#server/database/migrations/runner.ts'
import { subscribe } from '#server/database/notifications.ts'
import { startMailDelivery } from '#server/domain/mail/delivery.ts'
import { outboxChannel } from '#server/domain/mail/outbox.ts'
import { operationsChannel } from '#server/domain/operations/operations.ts'
import { startOperations } from '#server/domain/operations/runner.ts'
import { jobsChannel } from '#server/domain/platform/job-runs.ts'
import { createPoolKeeper, poolChannel } from '#server/domain/tenants/pool.ts'
import { startJobs } from '#server/jobs.ts'
import { createMailer } from '#server/mail/mailer.ts'

/**
 * Background work of every process: mail delivery and operations. One of the processes runs each scheduled job.
 * @returns how to stop it
 */
export function startBackground(app: RunningApp, migrations: MigrationSets): () => Promise<void> {
  const delivery = startMailDelivery(app, createMailer(app.config))
  // The first process that is notified sends the mail. `onUp` wakes too, as notifications may have been missed.
  const subscription = subscribe(app, outboxChannel, { onMessage: delivery.wake, onUp: delivery.wake })
  const operations = startOperations(app, migrations)
  const calls = subscribe(app, operationsChannel, { onMessage: operations.wake, onUp: operations.wake })
  const jobs = startJobs(app, migrations.tenant)
  const requests = subscribe(app, jobsChannel, { onMessage: name => void jobs.run(name), onUp: () => {} })
  const pool = app.config.poolSize > 0 ? keepPool(app, migrations.tenant) : undefined
  return async () => {
    await Promise.all([subscription.stop(), calls.stop(), requests.stop(), jobs.stop(), pool?.stop()])
    await Promise.all([delivery.stop(), operations.stop()])
  }
}

function keepPool(app: RunningApp, migrations: Migration[]) {
  const keeper = createPoolKeeper(app, migrations)
  const subscription = subscribe(app, poolChannel, { onMessage: keeper.wake, onUp: keeper.wake })
  return { stop: () => Promise.all([subscription.stop(), keeper.stop()]) }
}
