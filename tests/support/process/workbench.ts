import postgres from 'postgres'
import { loadConfig } from '#server/config.ts'
import type { RunningApp } from '#server/create-app.ts'
import { createApp } from '#server/create-app.ts'
import { createLogger } from '#server/logger.ts'
import { createSettings } from '../world.ts'
import { waitLimit } from './wait-limit.ts'

/** The domain rules on their own database without a server, for tests of the command line and the jobs. */
export interface Workbench {
  /** The environment for a command line on the same database. */
  env: Record<string, string>
  app: RunningApp
  /** A direct connection to the database. */
  sql: postgres.Sql
  close(): Promise<void>
}

/** @param statementTimeout milliseconds; by default the server's */
export async function createWorkbench(
  settings: Record<string, string> = {},
  statementTimeout?: number,
): Promise<Workbench> {
  const env = { ...(await createSettings('platform')), ...settings }
  const app = await createApp(loadConfig(env), createLogger('silent'), {
    size: 4,
    waitLimit: waitLimit.timeout,
    statementTimeout,
  })
  const sql = postgres(env.DATABASE_URL!, { max: 4, onnotice: () => {}, connection: { application_name: 'tests' } })
  return {
    env,
    app,
    sql,
    async close() {
      await sql.end()
      await app.close()
    },
  }
}
