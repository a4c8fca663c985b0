import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres from 'postgres'
import { expect } from 'vitest'
import { loadConfig } from '#server/config.ts'
import { createApp } from '#server/create-app.ts'
import { loadMigrations } from '#server/database/migrations/files.ts'
import { bootstrapPlatform } from '#server/database/migrations/runner.ts'
import { createLogger } from '#server/logger.ts'
import { findForeignRows, findViolations } from '../faults/invariants.ts'
import { createTcpProxy } from '../faults/tcp-proxy.ts'
import type { Answer, Call } from '../http.ts'
import { call } from '../http.ts'
import type { Slope } from '../process/memory.ts'
import { watchMemory } from '../process/memory.ts'
import { freePort, startServer } from '../process/server.ts'
import type { Cluster } from './cluster.ts'
import { createCluster } from './cluster.ts'
import type { CanaryTenant, TrafficCounts } from './fleet-traffic.ts'
import { createCanaryTenants, expectNothingLost, runTraffic } from './fleet-traffic.ts'
import type { Troubles } from './trouble.ts'
import { makeTrouble } from './trouble.ts'

export interface Soak {
  tenants: number
  requests: number
  /** How often PostgreSQL is killed as by a power failure, or shut down, in turns, and started again. */
  restarts: number
  /** Milliseconds between two terminated backends. */
  terminateEvery: number
  /** Milliseconds between two changes of a schema. */
  changeEvery: number
  /** Server processes. With more than one, the youngest is killed now and then. */
  workers?: number
  /** Milliseconds, on average, between two killed processes. */
  killEvery?: number
  /** Milliseconds, on average, between two moments in which all bytes to and from PostgreSQL are lost. */
  swallowEvery?: number
  /** Minutes of each process's life after which its memory counts. */
  warmUp?: number
  /** Minutes after which it ends, also with fewer requests. */
  minutes?: number
}

export interface SoakFigures extends TrafficCounts, Troubles {
  /** Requests that were not answered within a minute. */
  hung: number
  seconds: number
  memory: Slope[]
}

/**
 * Mixed requests of many tenants, while their schemas change one after another, backends are terminated, connections
 * swallow everything, processes die and PostgreSQL restarts: no answer has another tenant's data, no acknowledged write
 * is lost, and nothing hangs.
 */
export async function soak(options: Soak): Promise<SoakFigures> {
  const { tenants: count, requests, workers = 1, warmUp = 15, minutes = Infinity } = options
  const cluster = await createCluster()
  const proxy = await createTcpProxy(Number(new URL(cluster.url).port))
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
    WORKERS: String(workers),
    // As in production: the traffic checks the answers itself.
    CHECK_ANSWERS: '0',
    CHECK_STATEMENTS: '0',
    // Where it may, V8 takes ever more memory for half an hour, however little of it is in use (50 MB here).
    NODE_OPTIONS: '--max-old-space-size=192 --max-semi-space-size=32',
  }
  const app = await createApp(loadConfig(env), createLogger('silent'), { size: 4 })
  await bootstrapPlatform(app.database, loadMigrations('.', 'platform'))
  const tenants = await createCanaryTenants(app, port, count)
  await app.close()
  const through = Object.assign(new URL(cluster.url), { port: proxy.port })
  const server = await startServer({ ...env, DATABASE_URL: through.href })
  const memory = watchMemory(server.pid, warmUp)
  let done = 0
  const started = performance.now()
  const secondsNow = () => Math.round((performance.now() - started) / 1_000)
  const watch = watchForHanging((host, path, options) => call(port, host, path, options))
  let shown = 0
  const traffic = runTraffic(tenants, watch.send, counts => {
    if (secondsNow() >= shown + 30) {
      shown = secondsNow()
      console.log(`${shown} s`, JSON.stringify({ ...counts, ...trouble.soFar, hung: watch.hung() }))
    }
    done = counts.requests
    return done >= requests || secondsNow() >= minutes * 60
  })
  const schemas = tenants.map(({ schema }) => schema)
  const trouble = makeTrouble({ cluster, proxy, server, schemas, share: () => done / requests }, options)
  const counts = await traffic.finally(() => trouble.stop())
  const slopes = memory.slopes()
  memory.stop()
  const troubles = await trouble.over
  const figures = { ...counts, ...troubles, hung: watch.hung(), seconds: secondsNow(), memory: slopes }
  await server.stop()
  await expectAllIsWell(cluster, tenants)
  proxy.close()
  await cluster.remove()
  await rm(home, { recursive: true })
  expect(server.log.filter(line => line.event === 'answer_mismatched' || line.event === 'request_failed')).toEqual([])
  return figures
}

async function expectAllIsWell(cluster: Cluster, tenants: CanaryTenant[]): Promise<void> {
  const sql = postgres(cluster.url, { max: 1, onnotice: () => {} })
  await expectNothingLost(sql, tenants)
  expect(await findViolations(sql)).toEqual([])
  expect(await findForeignRows(sql, tenants, /canary\d+z/)).toEqual([])
  await sql.end()
}

type Send = (host: string, path: string, options?: Call) => Promise<Answer>

/** Counts the requests that get no answer for a minute. */
function watchForHanging(send: Send): { send: Send; hung(): number } {
  const open = new Set<{ since: number }>()
  let ended = 0
  const isHung = ({ since }: { since: number }) => performance.now() - since > 60_000
  return {
    async send(...request) {
      const one = { since: performance.now() }
      open.add(one)
      try {
        return await send(...request)
      } finally {
        open.delete(one)
        if (isHung(one)) ended++
      }
    },
    hung: () => ended + [...open].filter(isHung).length,
  }
}
