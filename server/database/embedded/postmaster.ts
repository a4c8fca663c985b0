import { spawn } from 'node:child_process'
import { open, readFile, rm, type FileHandle } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { postgresAccount } from './account.ts'
import { binariesDir } from './binaries.ts'
import { pidFile, readPostmaster } from './pid-file.ts'

const settings = [
  'listen_addresses=127.0.0.1',
  'unix_socket_directories=',
  'max_connections=100',
  'shared_buffers=128MB',
  'max_locks_per_transaction=256',
  'log_checkpoints=off',
]

/**
 * Makes sure that PostgreSQL runs and accepts connections; returns its port.
 * @param limit milliseconds in which it must begin to start; how long it then recovers after a crash has no limit
 * @throws when it does not start
 */
export async function startPostmaster(home: string, limit = 60_000): Promise<number> {
  let deadline = Date.now() + limit
  for (let attempt = 0; ; attempt++) {
    const postmaster = await readPostmaster(home)
    if (postmaster?.status === 'ready') return postmaster.port
    if (postmaster?.status === 'starting') deadline = Date.now() + limit
    if (Date.now() > deadline)
      throw new Error(`PostgreSQL did not start within ${limit / 1000} s: see ${logFile(home)}`)
    // Still running and not ready: the process that was starting or stopping it has died.
    if (postmaster) await sleep(10)
    else await launch(home, attempt)
  }
}

/** Resolves when PostgreSQL accepts connections, or has failed for a reason that a retry can fix. */
async function launch(home: string, attempt: number): Promise<void> {
  const directory = join(home, 'postgres')
  const binaries = binariesDir()
  const { prefix } = await postgresAccount(binaries, home)
  const port = (attempt === 0 && (await lastPort(directory))) || (await freePort())
  // PostgreSQL trusts an old pid file if any process has that pid.
  await rm(pidFile(home), { force: true })

  const log = await openLog(home)
  const written = (await log.stat()).size
  const command = [...prefix, join(binaries, 'postgres'), '-D', directory, '-p', String(port)]
  const failed = await start(home, [...command, ...settings.flatMap(setting => ['-c', setting])], log)
  const said = failed ? await readFrom(log, written) : ''
  await log.close()
  if (!failed || /could not bind|could not create any TCP/.test(said)) return
  // The child processes of a killed PostgreSQL finish their work first.
  if (/is still in use|lock file .* already exists/.test(said)) return sleep(100)
  throw new Error(`${failed.message}: ${/FATAL: +(.*)/.exec(said)?.[1] ?? 'no reason given'} (${logFile(home)})`)
}

/** @returns why it did not start, as soon as it has or has not */
async function start(home: string, [command, ...args]: string[], log: FileHandle): Promise<Error | undefined> {
  const child = spawn(command!, args, {
    cwd: '/',
    // A session of its own: Ctrl-C in the terminal is for us, not for PostgreSQL.
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
    env: { PATH: process.env.PATH, LC_ALL: 'C' },
  })
  let failed: Error | undefined
  child.once('error', error => (failed = error)).once('exit', () => (failed ??= new Error('PostgreSQL did not start')))
  while (!failed && (await readPostmaster(home))?.status !== 'ready') await sleep(10)
  child.removeAllListeners().unref()
  return failed
}

/** The last port if it is free: other processes have it in their DATABASE_URL. */
async function lastPort(directory: string) {
  const options = await readFile(join(directory, 'postmaster.opts'), 'utf8').catch(() => '')
  return Number(/"-p" "(\d+)"/.exec(options)?.[1] ?? 0)
}

async function freePort() {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => server.close(resolve))
  return port
}

const logFile = (home: string) => join(home, 'postgres.log')

async function openLog(home: string) {
  const log = await open(logFile(home), 'a+', 0o600)
  if ((await log.stat()).size > 10_000_000) await log.truncate()
  return log
}

async function readFrom(log: FileHandle, position: number) {
  const { size } = await log.stat()
  const { buffer, bytesRead } = await log.read({ buffer: Buffer.alloc(size - position), position })
  return buffer.toString('utf8', 0, bytesRead)
}

/** Stops PostgreSQL without waiting for its clients, and resolves when it has ended. */
export async function stopPostmaster(home: string): Promise<void> {
  const started = Date.now()
  let signal: NodeJS.Signals | undefined
  for (let postmaster = await readPostmaster(home); postmaster; postmaster = await readPostmaster(home)) {
    const next = Date.now() - started < 20_000 ? 'SIGINT' : 'SIGQUIT'
    if (next !== signal) kill(postmaster.pid, (signal = next))
    await sleep(10)
  }
}

function kill(pid: number, signal: NodeJS.Signals) {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
