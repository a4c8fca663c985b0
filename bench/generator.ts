/**
 * The load generator: a process of its own, so that it can be pinned to other cores than the server. It is sent one
 * job at a time, and sends back what it measured.
 */
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Client, Request } from 'autocannon'
import autocannon from 'autocannon'
import type { Job, LoadRequest, Measured } from './load.ts'
import { cpuTimeOf } from './processes.ts'
import { quantile } from './statistics.ts'

const requestTimeout = 30
/** Seconds for all that is counted. */
const turnLimit = 300
const pollPause = 50

process.on('disconnect', () => process.exit())
process.on('message', job => void run(job as Job).then(measured => process.send!(measured)))

async function run(job: Job): Promise<Measured> {
  const { port, pid, connections, warmUp, turns = 1, seconds, isWholeTurn, requests } = job
  let clients = 0
  const options = {
    url: `http://127.0.0.1:${port}`,
    connections,
    duration: 2 * turnLimit + warmUp + seconds,
    timeout: requestTimeout,
    setupClient: (client: Client) => assign(client, requests, connections, clients++),
  }
  const load = autocannon(options, error => {
    if (error) throw error
  })
  const ended = once(load, 'done')
  const tally = startTally()
  load.on('response', (_client, status, bytes, time) => tally.add(status, bytes, time))
  load.on('reqError', () => tally.fail())
  await sleep(warmUp * 1000)
  await untilCounted(tally, turns * requests.length)
  tally.reset()
  const before = { cpu: cpuTimeOf(pid), at: performance.now() }
  await sleep(seconds * 1000)
  if (isWholeTurn) await untilCounted(tally, requests.length)
  const measured = tally.read(performance.now() - before.at, cpuTimeOf(pid) - before.cpu)
  load.stop()
  await ended
  return measured
}

/** Each request belongs to one connection, which sends its own in turn. */
function assign(client: Client, requests: LoadRequest[], connections: number, index: number): void {
  const own = requests.filter((_, i) => i % connections === index)
  client.setRequests((own.length > 0 ? own : [requests[index % requests.length]!]).map(buildRequest))
}

/** A refresh sends the token that the answer to the one before has brought. */
function buildRequest({ method, path, headers, refresh }: LoadRequest): Request {
  if (refresh === undefined) return { method, path, headers }
  let token = refresh
  return {
    setupRequest: () => ({ method, path, headers: { ...headers }, body: JSON.stringify({ refresh: token }) }),
    onResponse(status, body) {
      if (status === 200) token = (JSON.parse(body) as { refresh: string }).refresh
    },
  }
}

async function untilCounted(tally: ReturnType<typeof startTally>, count: number): Promise<void> {
  const end = performance.now() + turnLimit * 1000
  while (tally.count() < count && performance.now() < end) await sleep(pollPause)
}

function startTally() {
  let times: number[] = []
  let bytes = 0
  let errors = 0
  return {
    count: () => times.length + errors,
    add(status: number, size: number, time: number) {
      if (status !== 200) errors++
      else {
        times.push(time)
        bytes += size
      }
    },
    fail: () => void errors++,
    reset() {
      times = []
      bytes = errors = 0
    },
    read: (elapsed: number, cpu: number): Measured => ({
      rate: times.length / (elapsed / 1000),
      cpu: (cpu * 1000) / times.length,
      used: cpu / elapsed,
      p50: quantile(times, 0.5),
      p99: quantile(times, 0.99),
      bytes: bytes / times.length,
      errors,
    }),
  }
}
