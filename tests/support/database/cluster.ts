import { mkdtemp, readFile, realpath } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { readPostmaster } from '#server/database/embedded/pid-file.ts'
import { startPostmaster } from '#server/database/embedded/postmaster.ts'
import { holdDatabase } from './held-database.ts'
import { changeSettings } from './postgres-settings.ts'

/** A PostgreSQL of one test file's own, which may be shot at. */
export interface Cluster {
  url: string
  /** Stops it at once, as a power cut would; returns when it is gone. */
  crash(): Promise<void>
  /** Starts it again, on the same port. */
  start(): Promise<void>
  /** Has it write every statement into its log from now on, without the parameters; errors without their details. */
  logStatements(): Promise<void>
  readLog(): Promise<string>
  /** Ends it for good. */
  remove(): Promise<void>
}

export async function createCluster(): Promise<Cluster> {
  const home = await realpath(await mkdtemp(join(tmpdir(), 'tenantry-cluster-')))
  const { url, pid, release } = await holdDatabase(home)
  const readLog = () => readFile(join(home, 'postgres.log'), 'utf8')
  return {
    url,
    async crash() {
      // Its holder would bring it back by itself.
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
