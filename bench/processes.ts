import type { ChildProcess, StdioOptions } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { call } from '../tests/support/http.ts'
import type { Cores } from './cores.ts'
import { pin } from './cores.ts'

/** What is started and measured: a program for Node.js that listens on a port. */
export interface Program {
  name: string
  /** The arguments of `node`. */
  command: string[]
  env: Record<string, string>
  port: number
}

export interface RunningServer {
  pid: number
  /** Milliseconds from its start until /healthz and /readyz answered 200. */
  started: { healthy: number; ready: number }
  stop(): Promise<void>
}

const startLimit = 120_000
const stopLimit = 30_000
const pollPause = 4
const children = new Set<ChildProcess>()

process.on('exit', () => children.forEach(child => child.kill('SIGKILL')))
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(130))

/**
 * Starts a server on its core and waits until it is ready. It ends with this process.
 * @param isTimed whether its start is measured; then nothing is loaded into it that ends it if we are killed
 */
export async function startServer(
  { name, command, env, port }: Program,
  cores: Cores | undefined,
  isTimed = false,
): Promise<RunningServer> {
  const begun = performance.now()
  const preload = isTimed ? [] : ['--import', './tests/support/process/end-with-parent.mjs']
  const child = startNode([...preload, ...command], ['pipe', 'ignore', 'inherit'], env)
  if (cores) pin(child.pid!, cores.server)
  const since = async (path: string) => {
    await answers(child, name, port, path)
    return performance.now() - begun
  }
  return {
    pid: child.pid!,
    started: { healthy: await since('/healthz'), ready: await since('/readyz') },
    stop: () => stop(child),
  }
}

/** Starts `node` with these arguments. The process is killed when this one ends. */
export function startNode(args: string[], stdio: StdioOptions, env: Record<string, string> = {}): ChildProcess {
  const child = spawn(process.execPath, args, {
    env: { PATH: process.env.PATH, NODE_ENV: 'production', HOST: '127.0.0.1', ...env },
    stdio,
  })
  children.add(child)
  child.once('exit', () => children.delete(child))
  return child
}

/** Ends a process, by force if it takes too long. */
export async function stop(child: ChildProcess): Promise<void> {
  if (!children.has(child)) return
  const ended = once(child, 'exit')
  const force = setTimeout(() => child.kill('SIGKILL'), stopLimit)
  child.kill('SIGTERM')
  await ended
  clearTimeout(force)
}

/** @returns the processor time that a process has used, in milliseconds; NaN where it cannot be read */
export function cpuTimeOf(pid: number): number {
  const fields = readProcess(pid, 'stat').split(') ')[1]?.split(' ')
  // User and system time, in ticks of 10 ms.
  return fields ? (Number(fields[11]) + Number(fields[12])) * 10 : Number.NaN
}

/**
 * @returns a process's memory in MB: `rss` counts shared pages in full, `pss` only its share of them; NaN where it
 * cannot be read
 */
export function memoryOf(pid: number): { rss: number; pss: number } {
  const text = readProcess(pid, 'smaps_rollup')
  const read = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? Number.NaN) / 1024
  return { rss: read('Rss'), pss: read('Pss') }
}

function readProcess(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return ''
  }
}

async function answers(child: ChildProcess, name: string, port: number, path: string): Promise<void> {
  const end = performance.now() + startLimit
  while (performance.now() < end) {
    if (!children.has(child)) throw new Error(`${name} ended with ${child.exitCode ?? child.signalCode}.`)
    const answer = await call(port, 'localhost', path).catch(() => undefined)
    if (answer?.status === 200) return
    await sleep(pollPause)
  }
  throw new Error(`${name} does not answer ${path}.`)
}
