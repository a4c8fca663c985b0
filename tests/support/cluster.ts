import { mkdtemp, realpath } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { readPostmaster } from '../../server/database/embedded/pid-file.ts'
import { startPostmaster } from '../../server/database/embedded/postmaster.ts'
import { holdDatabase } from './held-database.ts'

/** A PostgreSQL of one test file's own, which may be shot at. */
export interface Cluster {
  url: string
  /** Stops it at once, as a power cut would; returns when it is gone. */
  crash(): Promise<void>
  /** Starts it again, on the same port. */
  start(): Promise<void>
  /** Ends it for good. */
  remove(): Promise<void>
}

export async function createCluster(): Promise<Cluster> {
  const home = await realpath(await mkdtemp(join(tmpdir(), 'tenantry-cluster-')))
  const { url, release } = await holdDatabase(home)
  return {
    url,
    async crash() {
      const postmaster = await readPostmaster(home)
      process.kill(postmaster!.pid, 'SIGQUIT')
      while (await readPostmaster(home)) await sleep(10)
    },
    async start() {
      await startPostmaster(home)
    },
    remove: release,
  }
}
