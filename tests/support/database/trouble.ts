import { setTimeout as sleep } from 'node:timers/promises'
import postgres from 'postgres'
import type { TcpProxy } from '../faults/tcp-proxy.ts'
import { childrenOf } from '../process/memory.ts'
import type { TestServer } from '../process/server.ts'
import type { Cluster } from './cluster.ts'
import { changeEverything } from './schema-changes.ts'

/** How often each of them happened. */
export interface Troubles {
  terminated: number
  changes: number
  restarted: number
  swallowed: number
  killed: number
}

interface Victims {
  cluster: Cluster
  /** Between the server and PostgreSQL. */
  proxy: TcpProxy
  server: TestServer
  schemas: string[]
  /** How much of the traffic is over, from 0 to 1. */
  share: () => number
}

interface Frequencies {
  restarts: number
  terminateEvery: number
  changeEvery: number
  killEvery?: number
  swallowEvery?: number
}

/** Milliseconds for which all bytes are lost. */
const swallowed = 2_000

/** Disturbs a server and its database in every way, until stopped. */
export function makeTrouble(
  { cluster, proxy, server, schemas, share }: Victims,
  { restarts, terminateEvery, changeEvery, killEvery, swallowEvery }: Frequencies,
): { soFar: Troubles; over: Promise<Troubles>; stop(): void } {
  const soFar: Troubles = { terminated: 0, changes: 0, restarted: 0, swallowed: 0, killed: 0 }
  let isOver = false
  const sql = postgres(cluster.url, {
    max: 2,
    onnotice: () => {},
    connect_timeout: 2,
    backoff: false,
    connection: { application_name: 'trouble' },
  })
  const over = Promise.all([terminate(), change(), restart(), kill(), swallow()]).then(async () => {
    await sql.end({ timeout: 1 })
    return soFar
  })
  return { soFar, over, stop: () => void (isOver = true) }

  async function terminate(): Promise<void> {
    while (!isOver) {
      await sleep(terminateEvery)
      const rows =
        await sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'tenantry' order by random() limit 1`.catch(
          () => [],
        )
      soFar.terminated += rows.length
    }
  }

  async function change(): Promise<void> {
    const stop = new Error('The traffic is over.')
    while (!isOver) {
      const changed = async () => {
        soFar.changes++
        if (changeEvery > 0) await sleep(changeEvery)
        if (isOver) throw stop
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
      if (isOver) return
      await cluster.crash(i % 2 === 1 ? 'SIGQUIT' : 'SIGINT')
      await cluster.start()
      soFar.restarted++
    }
  }

  // The youngest: the others live for long enough for their memory to be measured.
  async function kill(): Promise<void> {
    while (killEvery !== undefined && (await restUntilNext(killEvery))) {
      const workers = await childrenOf(server.pid)
      if (workers.length < 2) continue
      process.kill(workers.at(-1)!, 'SIGKILL')
      soFar.killed++
    }
  }

  async function swallow(): Promise<void> {
    while (swallowEvery !== undefined && (await restUntilNext(swallowEvery))) {
      proxy.swallow()
      await sleep(swallowed)
      proxy.restore()
      soFar.swallowed++
    }
  }

  /** @returns whether the traffic continues */
  async function restUntilNext(average: number): Promise<boolean> {
    const end = performance.now() + Math.random() * 2 * average
    while (!isOver && performance.now() < end) await sleep(100)
    return !isOver
  }
}
