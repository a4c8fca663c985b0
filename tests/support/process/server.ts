import { spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { call } from '../http.ts'
import { inspectLog } from '../log-oracle.ts'
import { watchSecrets } from '../oracle.ts'

/** The compile cache that all processes share. */
export const compiled = join(tmpdir(), 'tenantry-compiled')

export interface LogLine {
  level: string
  event?: string
  [key: string]: unknown
}

export interface TestServer {
  port: number
  pid: number
  /** Everything that it has logged, oldest first. */
  log: LogLine[]
  /**
   * Ends it with the signal, and looks at its log.
   * @returns its exit code
   */
  stop(signal?: NodeJS.Signals): Promise<number | null>
}

/**
 * Starts the built server, as deployed, on a free port, and waits until it is ready. It ends with this process.
 * @param log receives its lines, also before it is ready
 * @param program its start
 */
export async function startServer(
  env: Record<string, string>,
  log: LogLine[] = [],
  program = '.output/server/index.mjs',
): Promise<TestServer> {
  const port = Number(env.PORT ?? (await freePort()))
  watchSecrets(port, env)
  const preload = ['--import', './tests/support/process/end-with-parent.mjs']
  const child = spawn(process.execPath, [...preload, program], {
    env: {
      PATH: process.env.PATH,
      NODE_ENV: 'production',
      NODE_COMPILE_CACHE: compiled,
      CHECK_ANSWERS: '1',
      CHECK_STATEMENTS: '1',
      WORKERS: '1',
      OPERATOR_SECOND_FACTOR: 'optional',
      ...env,
      PORT: String(port),
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  for (const stream of [child.stdout, child.stderr])
    createInterface(stream).on('line', line => log.push(parseLine(line)))
  // Resolves after all of its log lines have arrived.
  const exited = new Promise<number | null>(resolve => child.once('close', resolve))
  const isOver = new AbortController()
  await Promise.race([
    becomesReady(port, isOver.signal, () => env.LOG_LEVEL !== undefined || log.some(isStart)),
    exited.then(code => Promise.reject(new Error(`The server ended with ${code}: ${JSON.stringify(log)}`))),
  ]).finally(() => isOver.abort())
  return {
    port,
    pid: child.pid!,
    log,
    async stop(signal = 'SIGTERM') {
      child.kill(signal)
      const code = await exited
      inspectLog(port, log, code === null)
      return code
    },
  }
}

export async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>(resolve => probe.listen(0, '127.0.0.1', resolve))
  const { port } = probe.address() as { port: number }
  await new Promise(resolve => probe.close(resolve))
  return port
}

function isStart({ event }: LogLine): boolean {
  return event === 'server_started'
}

/** @param isExpected asked before each question, which would delay the start of the server */
async function becomesReady(port: number, isOver: AbortSignal, isExpected: () => boolean): Promise<void> {
  while (!isOver.aborted) {
    const answer = isExpected() ? await call(port, 'localhost', '/readyz').catch(() => undefined) : undefined
    if (answer?.status === 200) return
    await sleep(20)
  }
}

function parseLine(line: string): LogLine {
  try {
    return JSON.parse(line) as LogLine
  } catch {
    return { level: 'text', text: line }
  }
}
