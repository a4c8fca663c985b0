import type { Database, Db } from './realms.ts'
import type { TransactionClient } from './slots/transaction.ts'
import type { Connecting } from './with-database.ts'
import { withDatabase } from './with-database.ts'

/**
 * Runs `work` in one transaction on a connection of its own, with timeouts that allow work on a whole schema. Slots
 * are for requests only.
 * @throws ApiError 503 when the database is unavailable, and whatever `work` throws, after a rollback
 */
export async function inLongTransaction<T>(
  app: Connecting & { database: Database },
  schema: string,
  work: (tx: Db, client: TransactionClient) => Promise<T>,
): Promise<T> {
  return withDatabase(app, options, ({ slots }) =>
    slots.transaction(schema, client => work(app.database.on(client), client)),
  )
}

const options = {
  size: 1,
  statementTimeout: 6 * 60 * 60_000,
  lockTimeout: 30_000,
  idleTimeout: 10 * 60_000,
  applicationName: 'tenantry-archive',
}
