import postgres from 'postgres'
import { loadConfig } from '#server/config.ts'
import type { RunningApp } from '#server/create-app.ts'
import { createApp, createLogger } from '#server/create-app.ts'
import { createSettings } from '../world.ts'

/** The rules on a database of their own without a server, for what the command line and the jobs do. */
export interface Workbench {
  /** For a command line on the same database. */
  env: Record<string, string>
  app: RunningApp
  /** For a look past the rules. */
  sql: postgres.Sql
  close(): Promise<void>
}

/** @param statementTimeout milliseconds; as in a server unless given */
export async function createWorkbench(
  settings: Record<string, string> = {},
  statementTimeout?: number,
): Promise<Workbench> {
  const env = { ...(await createSettings('platform')), ...settings }
  const app = await createApp(loadConfig(env), createLogger('silent'), { size: 4, statementTimeout })
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
