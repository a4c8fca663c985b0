import { existsSync } from 'node:fs'
import { startPgBouncer } from '../database/pgbouncer.ts'
import { inspectLog } from '../log-oracle.ts'
import { watchSecrets } from '../oracle.ts'
import { startListening } from '../process/listening-program.ts'
import type { LogLine, TestServer } from '../process/server.ts'
import { freePort, startServer } from '../process/server.ts'

const haproxy = '/usr/sbin/haproxy'

/** Debian's package, if it is installed. */
export const hasHaproxy = existsSync(haproxy)

/** Whether each world has two processes behind HAProxy, and a PgBouncer between them and the database. */
export const isBalanced = Boolean(process.env.BALANCED)

export interface Balanced extends TestServer {
  /** The settings with which a server uses the same PgBouncer. */
  pooled: Record<string, string>
}

/**
 * Starts two servers behind HAProxy, which listens on the port of the environment.
 * @returns both together: the log of both, and the first one's own port and process
 */
export async function startBalanced(env: Record<string, string>): Promise<Balanced> {
  const port = Number(env.PORT)
  watchSecrets(port, env)
  const { pooled, stop: stopPooler } = await startPooler(env.DATABASE_URL!)
  // With https it is another one.
  const publicPort: Record<string, string> = env.SITE_PROTOCOL === 'https' ? {} : { PUBLIC_PORT: env.PORT! }
  const log: LogLine[] = []
  const start = async () => startServer({ ...publicPort, ...env, ...pooled, PORT: String(await freePort()) }, log)
  const servers = [await start(), await start()] as const
  const stopBalancer = await startHaproxy(port, [servers[0].port, servers[1].port])
  return {
    ...servers[0],
    pooled,
    async stop(signal) {
      const codes = await Promise.all(servers.map(server => server.stop(signal)))
      await Promise.all([stopBalancer(), stopPooler()])
      inspectLog(port, log)
      return codes.find(code => code !== 0) ?? 0
    },
  }
}

/**
 * Starts a PgBouncer in transaction mode, which keeps no prepared statements.
 * @returns the settings of servers behind it
 */
export async function startPooler(database: string): Promise<{
  pooled: Record<string, string>
  stop(): Promise<void>
}> {
  const bouncer = await startPgBouncer(
    database,
    {
      pool_mode: 'transaction',
      default_pool_size: 16,
      server_login_retry: 1,
      ignore_startup_parameters: 'statement_timeout,lock_timeout,idle_in_transaction_session_timeout',
    },
    // Here, and not on the database: what tests do there themselves may take longer.
    `connect_query='${timeouts}'`,
  )
  return {
    pooled: { DATABASE_URL: bouncer.url, DATABASE_DIRECT_URL: database, DB_PREPARE: '0' },
    stop: bouncer.stop,
  }
}

const timeouts =
  "set statement_timeout = ''5s''; set lock_timeout = ''1500ms''; set idle_in_transaction_session_timeout = ''10s''"

/** Starts HAProxy, as deployed, on a port before two others. @returns ends it */
export function startHaproxy(port: number, [first, second]: [number, number]): Promise<() => Promise<void>> {
  return startListening(haproxy, ['-db', '-f', 'deploy/haproxy/haproxy.cfg'], port, {
    FRONT: `127.0.0.1:${port}`,
    SERVER_1: `127.0.0.1:${first}`,
    SERVER_2: `127.0.0.1:${second}`,
  })
}
