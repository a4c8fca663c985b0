import type { Worker } from 'node:cluster'
import cluster from 'node:cluster'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { endDraining, untilDrained } from './draining.ts'
import { serveMetrics, urlOf } from './metrics/listener.ts'

/** Milliseconds before a worker that died is replaced. */
const restartPause = 1_000
/** Milliseconds for a worker to end its requests; each also has a limit of its own. */
const stopLimit = 30_000

interface State {
  count: number
  /** Whether a worker has ever served. */
  hasServed: boolean
  stopping: boolean
  renewing: boolean
}

/**
 * Runs the server in several worker processes, which share its port. A worker that dies is replaced. SIGHUP replaces
 * the workers one after another, without a lost request: it is how a new version is started. SIGTERM and SIGINT end all
 * of them.
 * @param count how many
 */
export function superviseWorkers(count: number): void {
  const state: State = { count, hasServed: false, stopping: false, renewing: false }
  cluster.on('message', (_worker, message) => {
    if (message === 'serving') begun(state)
  })
  cluster.on('exit', (worker, code, signal) => exited(state, worker, code, signal))
  process.on('SIGHUP', () => void renew(state))
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop(state))
  if (process.env.METRICS_PORT) void openMetrics(Number(process.env.METRICS_PORT))
  start(false)
}

/** Serves the metrics of all workers together. */
async function openMetrics(port: number): Promise<void> {
  const { AggregatorRegistry } = await import('prom-client')
  const registry = new AggregatorRegistry()
  const read = async () => ({ type: registry.contentType, text: await registry.clusterMetrics() })
  try {
    const server = await serveMetrics({ host: process.env.HOST || '127.0.0.1', port }, read)
    log.info({ event: 'metrics_port_opened', url: urlOf(server) })
  } catch (error) {
    log.error({ event: 'metrics_failed', reason: (error as Error).message })
  }
}

/** @param isBehind whether others serve already: then it opens the port only when it can serve */
function start(isBehind: boolean): Worker {
  const worker = cluster.fork({ SERVE_WHEN: isBehind ? 'ready' : 'now' })
  closeWhatItLeaves(worker)
  return worker
}

/**
 * Node.js gives its workers one connection at a time, and keeps it open until they have taken it: also if they die
 * before, and then its client would wait for an answer that nobody sends.
 */
function closeWhatItLeaves(worker: Worker): void {
  const child = worker.process
  const send = child.send.bind(child) as (message: unknown, connection?: Connection, ...rest: unknown[]) => boolean
  let given: Connection | undefined
  child.send = (message: unknown, connection?: unknown, ...rest: unknown[]) => {
    if (connection) given = connection as Connection
    return send(message, connection as Connection, ...rest)
  }
  // Without an effect on one that the worker has taken.
  worker.once('exit', () => given?.close())
}

/** What Node.js sends of a connection, for another process to take it. */
interface Connection {
  close(): void
}

function running(): Worker[] {
  return Object.values(cluster.workers ?? {}).filter(worker => worker !== undefined)
}

// The first one alone finds out whether the server can start; the others follow.
function begun(state: State): void {
  if (state.hasServed || state.stopping) return
  state.hasServed = true
  while (running().length < state.count) start(true)
}

function exited(state: State, worker: Worker, code: number | null, signal: string | null): void {
  if (state.stopping || worker.exitedAfterDisconnect) return
  if (!state.hasServed) process.exit(code ?? 1)
  log.error({ event: 'worker_exited', pid: worker.process.pid, code, signal })
  setTimeout(() => {
    if (!state.stopping && running().length < state.count) start(running().length > 0)
  }, restartPause)
}

async function renew(state: State): Promise<void> {
  if (state.renewing || state.stopping) return
  state.renewing = true
  const isRenewed = await replaceWorkers()
  state.renewing = false
  const pids = running().map(worker => worker.process.pid)
  if (isRenewed) log.info({ event: 'workers_renewed', pids })
  else log.error({ event: 'workers_not_renewed', pids })
}

/** @returns false if a new worker could not start: a new version that cannot must not end the old one */
async function replaceWorkers(): Promise<boolean> {
  for (const former of running()) {
    if (!(await serves(start(true)))) return false
    await end(former)
  }
  return true
}

/** @returns whether a new worker serves; false if it ends before */
async function serves(worker: Worker): Promise<boolean> {
  for (;;) {
    const [message] = (await Promise.race([once(worker, 'message'), once(worker, 'exit')])) as unknown[]
    if (message === 'serving') return true
    // Metrics are messages too.
    if (typeof message !== 'object' || message === null) return false
  }
}

async function stop(state: State): Promise<void> {
  if (state.stopping) return endDraining()
  state.stopping = true
  const drainDelay = Number(process.env.DRAIN_DELAY || 0)
  if (drainDelay > 0) {
    for (const worker of running()) if (worker.isConnected()) worker.send('drain')
    await untilDrained(drainDelay)
  }
  const codes = await Promise.all(running().map(end))
  process.exit(Math.max(0, ...codes.map(code => code ?? 1)))
}

/** Lets a worker finish its requests. @returns its exit code */
async function end(worker: Worker): Promise<number | null> {
  const ended = once(worker, 'exit') as Promise<[number | null, string | null]>
  worker.exitedAfterDisconnect = true
  worker.process.kill('SIGTERM')
  const [code, signal] = await Promise.race([ended, sleep(stopLimit, [null, null], { ref: false })])
  // It was still starting, and had nothing to finish.
  if (signal === 'SIGTERM') return 0
  if (code === null) worker.process.kill('SIGKILL')
  return code
}

// Without the server's logger, as this process loads nothing else.
const log = {
  info: (fields: object) => write('info', fields),
  error: (fields: object) => write('error', fields),
}

function write(level: 'info' | 'error', fields: object): void {
  const levels = ['debug', 'info', 'warn', 'error', 'silent']
  if (levels.indexOf(level) < levels.indexOf(process.env.LOG_LEVEL || 'info')) return
  process.stdout.write(`${JSON.stringify({ level, time: new Date().toISOString(), ...fields })}\n`)
}
