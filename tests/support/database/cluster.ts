import { mkdtemp, readFile, realpath } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { readPostmaster } from '#server/database/embedded/pid-file.ts'
import { startPostmaster } from '#server/database/embedded/postmaster.ts'
import { holdDatabase } from './held-database.ts'
import { changeSettings } from './postgres-settings.ts'

/** A PostgreSQL for one test file, which may be killed. */
export interface Cluster {
  url: string
  /** Kills it, as a power failure would; resolves when it has ended. */
  crash(): Promise<void>
  /** Starts it again, on the same port. */
  start(): Promise<void>
  /** Logs every statement from now on, without parameters, and errors without details. */
  logStatements(): Promise<void>
  readLog(): Promise<string>
  /** Stops it and deletes its files. */
  remove(): Promise<void>
}

export async function createCluster(): Promise<Cluster> {
  const home = await realpath(await mkdtemp(join(tmpdir(), 'tenantry-cluster-')))
  const { url, pid, release } = await holdDatabase(home)
  const readLog = () => readFile(join(home, 'postgres.log'), 'utf8')
  return {
    url,
    async crash() {
      // Its holder would restart it.
      process.kill(pid, 'SIGSTOP')
      const postmaster = await readPostmaster(home)
      process.kill(postmaster!.pid, 'SIGQUIT')
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
    async remove() {
      process.kill(pid, 'SIGCONT')
      await release()
    },
  }
}
