import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import postgres from 'postgres'
import { expect } from 'vitest'
import { loadConfig } from '#server/config.ts'
import { createApp } from '#server/create-app.ts'
import { loadMigrations } from '#server/database/migrations/files.ts'
import { bootstrapPlatform } from '#server/database/migrations/runner.ts'
import { createLogger } from '#server/logger.ts'
import { call } from '../http.ts'
import { freePort, startServer } from '../process/server.ts'
import type { Cluster } from './cluster.ts'
import { createCluster } from './cluster.ts'
import type { TrafficCounts } from './fleet-traffic.ts'
import { createCanaryTenants, expectNothingLost, runTraffic } from './fleet-traffic.ts'
import { changeEverything } from './schema-changes.ts'

export interface Soak {
  tenants: number
  requests: number
  /** How often PostgreSQL is killed, as by a power failure, and started again. */
  restarts: number
  /** Milliseconds between two terminated backends. */
  terminateEvery: number
  /** Milliseconds between two changes of a schema. */
  changeEvery: number
}

/**
 * Mixed requests of many tenants, while their schemas change one after another, backends are terminated and
 * PostgreSQL restarts: no answer has another tenant's data, no acknowledged write is lost, and nothing hangs.
 */
export async function soak({
  tenants: count,
  requests,
  restarts,
  terminateEvery,
  changeEvery,
}: Soak): Promise<TrafficCounts & { terminated: number; changes: number }> {
  const cluster = await createCluster()
  const port = await freePort()
  const home = await mkdtemp(join(tmpdir(), 'tenantry-soak-'))
  const env = {
    DATABASE_URL: cluster.url,
    SECRET: randomBytes(32).toString('base64url'),
    PEPPER: randomBytes(32).toString('base64url'),
    DATA_DIR: home,
    PORT: String(port),
    POOL_SIZE: '0',
    LOG_LEVEL: 'error',
    ACCESS_TTL: '86400',
    // A lost answer is requested again much later than by a real client.
    REFRESH_GRACE: '86400',
  }
  const app = await createApp(loadConfig(env), createLogger('silent'), { size: 4 })
  await bootstrapPlatform(app.database, loadMigrations('.', 'platform'))
  const tenants = await createCanaryTenants(app, port, count)
  await app.close()
  const server = await startServer(env)
  let done = 0
  const started = Date.now()
  const traffic = runTraffic(
    tenants,
    (host, path, options) => call(port, host, path, options).catch(reportLost),
    counts => {
      if (Math.floor(counts.requests / 10_000) > Math.floor(done / 10_000)) showProgress(counts, started)
      done = counts.requests
      return done >= requests
    },
  )
  const trouble = makeTrouble(
    cluster,
    tenants.map(({ schema }) => schema),
    { terminateEvery, changeEvery, restarts, share: () => done / requests },
  )
  const counts = await traffic.finally(() => trouble.stop())
  const { terminated, changes } = await trouble.over
  const sql = postgres(cluster.url, { max: 1, onnotice: () => {} })
  await expectNothingLost(sql, tenants)
  await sql.end()
  await server.stop()
  await cluster.remove()
  await rm(home, { recursive: true })
  expect(server.log.filter(line => line.event === 'answer_mismatched' || line.event === 'request_failed')).toEqual([])
  return { ...counts, terminated, changes }
}

function showProgress(counts: TrafficCounts, started: number): void {
  console.log(`${Math.round((Date.now() - started) / 1000)} s`, JSON.stringify(counts))
}

function reportLost(error: unknown): never {
  console.log('lost:', String((error as NodeJS.ErrnoException).code), String(error))
  throw error
}

function makeTrouble(
  cluster: Cluster,
  schemas: string[],
  {
    terminateEvery,
    changeEvery,
    restarts,
    share,
  }: Pick<Soak, 'terminateEvery' | 'changeEvery' | 'restarts'> & { share: () => number },
) {
  let isOver = false
  let terminated = 0
  let changes = 0
  const sql = postgres(cluster.url, {
    max: 2,
    onnotice: () => {},
    connect_timeout: 2,
    backoff: false,
    connection: { application_name: 'trouble' },
  })
  const over = Promise.all([terminate(), change(), restart()]).then(async () => {
    await sql.end({ timeout: 1 })
    return { terminated, changes }
  })
  return { over, stop: () => (isOver = true) }

  async function terminate(): Promise<void> {
    while (!isOver) {
      await sleep(terminateEvery)
      const rows =
        await sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'tenantry' order by random() limit 1`.catch(
          () => [],
        )
      terminated += rows.length
    }
  }

  async function change(): Promise<void> {
    const stop = new Error('The traffic is over.')
    while (!isOver) {
      const changed = async () => {
        changes++
        if (changeEvery > 0) await sleep(changeEvery)
      }
      const pause = () => (isOver ? Promise.reject(stop) : Promise.resolve())
      await changeEverything(sql, schemas, pause, changed).catch((error: unknown) => {
        if (error !== stop) throw error
      })
    }
  }

  async function restart(): Promise<void> {
    for (let i = 1; i <= restarts; i++) {
      while (!isOver && share() < i / (restarts + 1)) await sleep(50)
      if (isOver) throw new Error('The traffic was over before PostgreSQL had restarted.')
      await cluster.crash()
      await cluster.start()
    }
  }
}
