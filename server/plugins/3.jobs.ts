import { defineNitroPlugin } from 'nitropack/runtime'
import type { RunningApp } from '../create-app.ts'
import type { Migration } from '../database/migrations.ts'
import { subscribe } from '../database/notifications.ts'
import { startMailDelivery } from '../domain/mail-delivery.ts'
import { startOperations } from '../domain/operation-runner.ts'
import { operationsChannel } from '../domain/operations.ts'
import { outboxChannel } from '../domain/outbox.ts'
import { createPoolKeeper, poolChannel } from '../domain/tenant-pool.ts'
import { startJobs } from '../jobs.ts'
import { createMailer } from '../mail/mailer.ts'
import { whileRunning } from '../runtime.ts'

/** What goes on beside the requests, in every process: mails leave, and the clock's work is done by one of them. */
export default defineNitroPlugin(() => {
  whileRunning(({ app, migrations }) => {
    const delivery = startMailDelivery(app, createMailer(app.config))
    // Sent by whichever process hears of it first; onUp, as something may have been missed.
    const subscription = subscribe(app, outboxChannel, { onMessage: delivery.wake, onUp: delivery.wake })
    const operations = startOperations(app, migrations)
    const calls = subscribe(app, operationsChannel, { onMessage: operations.wake, onUp: operations.wake })
    const jobs = startJobs(app, migrations.tenant)
    const pool = app.config.poolSize > 0 ? keepPool(app, migrations.tenant) : undefined
    return async () => {
      await Promise.all([subscription.stop(), calls.stop(), jobs.stop(), pool?.stop()])
      await Promise.all([delivery.stop(), operations.stop()])
    }
  })
})

function keepPool(app: RunningApp, migrations: Migration[]) {
  const keeper = createPoolKeeper(app, migrations)
  const subscription = subscribe(app, poolChannel, { onMessage: keeper.wake, onUp: keeper.wake })
  return { stop: () => Promise.all([subscription.stop(), keeper.stop()]) }
}
