import { appendFile, mkdtemp, readFile, realpath } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import postgres from 'postgres'
import { readPostmaster } from '#server/database/embedded/pid-file.ts'
import { startPostmaster } from '#server/database/embedded/postmaster.ts'
import { holdDatabase } from './held-database.ts'
import { changeSettings } from './postgres-settings.ts'

/** A PostgreSQL for one test file, which may be killed. */
export interface Cluster {
  url: string
  /**
   * Kills it, as a power failure would; resolves when it has ended.
   * @param signal SIGINT: it shuts down and disconnects everyone (a fast shutdown)
   */
  crash(signal?: 'SIGQUIT' | 'SIGINT'): Promise<void>
  /** Starts it again, on the same port. */
  start(): Promise<void>
  /** Logs every statement from now on, without parameters, and errors without details. */
  logStatements(): Promise<void>
  readLog(): Promise<string>
  /** Lets the superuser in. @returns their URL */
  openToSuperuser(): Promise<string>
  /** Stops it and deletes its files. */
  remove(): Promise<void>
}

/** @param parent the folder of its files */
export async function createCluster(parent = tmpdir()): Promise<Cluster> {
  const home = await realpath(await mkdtemp(join(parent, 'tenantry-cluster-')))
  const { url, pid, release } = await holdDatabase(home)
  const readLog = () => readFile(join(home, 'postgres.log'), 'utf8')
  return {
    url,
    async crash(signal = 'SIGQUIT') {
      // Its holder would restart it.
      process.kill(pid, 'SIGSTOP')
      const postmaster = await readPostmaster(home)
      process.kill(postmaster!.pid, signal)
      while (await readPostmaster(home)) await sleep(10)
    },
    async start() {
      await startPostmaster(home)
      process.kill(pid, 'SIGCONT')
    },
    async logStatements() {
      await changeSettings(home, ['log_statement = all', 'log_parameter_max_length = 0', 'log_error_verbosity = terse'])
      while (!/parameter "log_statement" changed/.test(await readLog())) await sleep(10)
    },
    readLog,
    openToSuperuser: () => openToSuperuser(home, url),
    async remove() {
      process.kill(pid, 'SIGCONT')
      await release()
    },
  }
}

async function openToSuperuser(home: string, url: string): Promise<string> {
  await appendFile(join(home, 'postgres/pg_hba.conf'), 'host all all 127.0.0.1/32 trust\n')
  await changeSettings(home, [])
  const theirs = new URL(url)
  theirs.username = 'postgres'
  theirs.password = ''
  theirs.pathname = '/postgres'
  while (!(await isOpen(theirs.href))) await sleep(10)
  return theirs.href
}

async function isOpen(url: string): Promise<boolean> {
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  return sql`select 1`
    .then(
      () => true,
      () => false,
    )
    .finally(() => sql.end({ timeout: 0 }))
}
