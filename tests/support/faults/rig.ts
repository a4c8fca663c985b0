import { randomBytes } from 'node:crypto'
import { appendFile, mkdtemp, rm } from 'node:fs/promises'
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
import type { Cluster } from '../database/cluster.ts'
import { createCluster } from '../database/cluster.ts'
import type { CanaryTenant, TrafficCounts } from '../database/fleet-traffic.ts'
import { createCanaryTenants, expectNothingLost, runTraffic } from '../database/fleet-traffic.ts'
import type { Answer, Call } from '../http.ts'
import { call } from '../http.ts'
import type { TestServer } from '../process/server.ts'
import { freePort, startServer } from '../process/server.ts'
import { findForeignRows, findViolations } from './invariants.ts'
import type { TcpProxy } from './tcp-proxy.ts'
import { createTcpProxy } from './tcp-proxy.ts'

/** A PostgreSQL, a proxy before it, a server, and some tenants whose users write down what was acknowledged. */
export interface Rig {
  cluster: Cluster
  /** Between the server and PostgreSQL. */
  proxy: TcpProxy
  tenants: CanaryTenant[]
  server: TestServer
  /** Kills the server and starts another one. */
  replaceServer(): Promise<void>
  /** Starts a second server on another port; it is stopped with the rig. */
  addServer(settings?: Record<string, string>): Promise<TestServer>
  /** Directly to PostgreSQL. */
  connect(): postgres.Sql
  remove(): Promise<void>
}

/** @param parent the folder of PostgreSQL's files */
export async function createRig(settings: Record<string, string> = {}, parent?: string): Promise<Rig> {
  const cluster = await createCluster(parent)
  const proxy = await createTcpProxy(Number(new URL(cluster.url).port))
  const home = await mkdtemp(join(tmpdir(), 'tenantry-faults-'))
  const env = {
    DATABASE_URL: Object.assign(new URL(cluster.url), { port: proxy.port }).href,
    SECRET: randomBytes(32).toString('base64url'),
    PEPPER: randomBytes(32).toString('base64url'),
    DATA_DIR: home,
    PORT: String(await freePort()),
    POOL_SIZE: '0',
    DB_SLOTS: '4',
    ACCESS_TTL: '86400',
    // A lost answer is requested again much later than by a real client.
    REFRESH_GRACE: '86400',
    ...settings,
  }
  const app = await createApp(loadConfig(env), createLogger('silent'), { size: 2 })
  await bootstrapPlatform(app.database, loadMigrations('.', 'platform'))
  const tenants = await createCanaryTenants(app, Number(env.PORT), 3)
  await app.close()
  const servers = [await startServer(env)]
  const rig: Rig = {
    cluster,
    proxy,
    tenants,
    server: servers[0]!,
    async replaceServer() {
      await rig.server.stop('SIGKILL')
      rig.server = await startServer(env)
      servers.push(rig.server)
    },
    async addServer(more = {}) {
      const port = String(await freePort())
      const server = await startServer({ ...env, PORT: port, PUBLIC_PORT: env.PORT, ...more })
      servers.push(server)
      return server
    },
    connect: () => postgres(cluster.url, { max: 2, onnotice: () => {}, connection: { application_name: 'tests' } }),
    async remove() {
      await Promise.all(servers.map(server => server.stop()))
      proxy.close()
      await cluster.remove()
      await rm(home, { recursive: true, force: true })
      for (const { log } of servers) expect(log.filter(({ event }) => isDefect(event))).toEqual([])
    },
  }
  return rig
}

function isDefect(event: string | undefined): boolean {
  return event === 'request_failed' || event === 'answer_mismatched'
}

export interface Traffic {
  counts: TrafficCounts
  /** Waits until this many more requests have been answered, successfully or not. */
  answers(count: number): Promise<void>
  /** Waits until this many more requests have been successful. */
  successes(count: number): Promise<void>
}

/**
 * Lets a fault happen under the traffic of all tenants, waits until all of them are served again without intervention,
 * and checks that nothing acknowledged was lost and every invariant holds.
 * @param fault resolves when it is over
 * @param send to other servers than the rig's own
 */
export async function underTraffic(
  rig: Rig,
  kind: string,
  fault: (traffic: Traffic) => Promise<unknown>,
  send: (host: string, path: string, options?: Call) => Promise<Answer> = (...request) =>
    call(rig.server.port, ...request),
): Promise<void> {
  let isOver = false
  let counts: TrafficCounts | undefined
  const running = runTraffic(rig.tenants, send, now => {
    counts = now
    return isOver
  })
  // Its error is thrown below, or by what waits for answers.
  const failed = running.then(() => new Promise<never>(() => {}))
  failed.catch(() => {})
  const until = (isEnough: () => boolean) => Promise.race([poll(() => isOver || isEnough()), failed])
  const answered = () => (counts ? counts.reads + counts.writes + counts.refusedReads + counts.refusedWrites : 0)
  const succeeded = () => (counts ? counts.reads + counts.writes : 0)
  const traffic: Traffic = {
    get counts() {
      return counts!
    },
    answers(count) {
      const enough = answered() + count
      return until(() => answered() >= enough)
    },
    successes(count) {
      const enough = succeeded() + count
      return until(() => succeeded() >= enough)
    },
  }
  try {
    await traffic.successes(10)
    await fault(traffic)
    const ended = performance.now()
    await Promise.race([servedAgain(rig, send), failed])
    const recovered = Math.round(performance.now() - ended)
    await traffic.successes(20)
    isOver = true
    const totals = await running
    await expectAllIsWell(rig)
    await report(kind, totals, `served again after ${recovered} ms`)
  } finally {
    isOver = true
  }
}

async function poll(isEnough: () => boolean): Promise<void> {
  while (!isEnough()) await sleep(5)
}

/** Waits until each tenant has been served as often in a row as a server has connections. */
async function servedAgain(
  { tenants }: Rig,
  send: (host: string, path: string, options?: Call) => Promise<Answer>,
): Promise<void> {
  for (const { host, users } of tenants) {
    for (let inRow = 0; inRow < 8;) {
      const answer = await send(host, '/api/v1/auth/users/me/', { token: users[0]!.access }).catch(() => undefined)
      inRow = answer?.status === 200 ? inRow + 1 : 0
      if (inRow === 0) await sleep(20)
    }
  }
}

/** What is acknowledged is there, nothing is where it does not belong, and every invariant holds. */
async function expectAllIsWell(rig: Rig): Promise<void> {
  const sql = rig.connect()
  try {
    await expectNothingLost(sql, rig.tenants)
    expect(await findViolations(sql)).toEqual([])
    expect(await findForeignRows(sql, rig.tenants, /canary\d+z/)).toEqual([])
  } finally {
    await sql.end()
  }
}

async function report(kind: string, counts: TrafficCounts, result: string): Promise<void> {
  const { requests, reads, writes, refusedReads, refusedWrites, lost } = counts
  const answers = `2xx ${reads + writes}, 503 ${refusedReads + refusedWrites}, none ${lost}`
  await reportLine(`${kind}: ${requests} requests (${answers}), ${result}, all invariants hold`)
}

/** Adds a line to the summary of `npm run test:faults`. */
export async function reportLine(line: string): Promise<void> {
  const file = process.env.FAULTS_REPORT
  if (file) await appendFile(file, `${line}\n`)
}
