import { spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { call } from '../http.ts'

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
   * Ends it with the signal.
   * @returns its exit code
   */
  stop(signal?: NodeJS.Signals): Promise<number | null>
}

/**
 * Starts the built server, as deployed, on a free port, and waits until it is ready. It ends with this process.
 * @param log receives its lines, also before it is ready
 */
export async function startServer(env: Record<string, string>, log: LogLine[] = []): Promise<TestServer> {
  const port = Number(env.PORT ?? (await freePort()))
  const preload = ['--import', './tests/support/process/end-with-parent.ts']
  const child = spawn(process.execPath, [...preload, '.output/server/index.mjs'], {
    env: {
      PATH: process.env.PATH,
      NODE_ENV: 'production',
      NODE_COMPILE_CACHE: compiled,
      CHECK_ANSWERS: '1',
      WORKERS: '1',
      ...env,
      PORT: String(port),
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  for (const stream of [child.stdout, child.stderr])
    createInterface(stream).on('line', line => log.push(parseLine(line)))
  // Resolves after all of its log lines have arrived.
  const exited = new Promise<number | null>(resolve => child.once('close', resolve))
  await Promise.race([
    becomesReady(port),
    exited.then(code => Promise.reject(new Error(`The server ended with ${code}: ${JSON.stringify(log)}`))),
  ])
  return {
    port,
    pid: child.pid!,
    log,
    stop(signal = 'SIGTERM') {
      child.kill(signal)
      return exited
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

async function becomesReady(port: number): Promise<void> {
  for (;;) {
    const answer = await call(port, 'localhost', '/readyz').catch(() => undefined)
    if (answer?.status === 200) return
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

function parseLine(line: string): LogLine {
  try {
    return JSON.parse(line) as LogLine
  } catch {
    return { level: 'text', text: line }
  }
}
