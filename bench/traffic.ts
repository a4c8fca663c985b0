import { setTimeout as sleep } from 'node:timers/promises'
import { call } from '../tests/support/http.ts'
import type { Fleet } from './fleet.ts'
import { format } from './report.ts'
import { quantile } from './statistics.ts'
import type { Target } from './targets.ts'

/** Requests at once, and the milliseconds that each client waits after an answer. */
const clients = 8
const clientPause = 100
/** Of as many tenants. */
const userCount = 200
/** @returns what runs `work` while clients read and write, and tells how they fared */
export async function prepareTraffic(fleet: Fleet, target: Target) {
  const users: { host: string; token: string }[] = []
  for (const { subdomain, members } of fleet.tenants.slice(0, userCount)) {
    const { access } = await target.signIn(members[0]!)
    users.push({ host: `${subdomain}.localhost:${fleet.port}`, token: access })
  }
  return async <T>(work: () => Promise<T>) => {
    const times: number[] = []
    let refused = 0
    let isOver = false
    let turn = 0
    const ask = async () => {
      const { host, token } = users[turn++ % users.length]!
      const change = turn % 3 === 0 ? { method: 'PATCH', body: { first_name: `Name ${turn}` } } : {}
      const started = performance.now()
      const { status } = await call(fleet.port, host, target.paths.me, { token, ...change })
      times.push(performance.now() - started)
      if (status !== 200) refused++
    }
    const client = async () => {
      while (!isOver) {
        await ask()
        await sleep(clientPause)
      }
    }
    const running = Array.from({ length: clients }, client)
    const started = performance.now()
    const result = await work()
    const seconds = (performance.now() - started) / 1_000
    isOver = true
    await Promise.all(running)
    const cells = [
      format(times.length),
      format(refused),
      format(quantile(times, 0.5), 1),
      format(quantile(times, 0.99), 1),
      format(Math.max(...times)),
    ]
    return { result, seconds, cells }
  }
}
