import { mkdtemp, realpath } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { holdDatabase } from '../tests/support/database/held-database.ts'
import { changeSettings } from '../tests/support/database/postgres-settings.ts'

/** An embedded PostgreSQL in a temporary folder. It ends with this process, in any way, and its folder is removed. */
export interface BenchDatabase {
  url: string
  /** A folder for the files of servers. */
  home: string
  /** Makes it wait for the disk at each commit, as in production. Before, it does not. */
  waitForDisk(): Promise<void>
  close(): Promise<void>
}

export async function startDatabase(): Promise<BenchDatabase> {
  const home = await realpath(await mkdtemp(join(tmpdir(), 'tenantry-bench-')))
  const { url, release } = await holdDatabase(home)
  return {
    url,
    home,
    waitForDisk: () => changeSettings(home, ['fsync = on', 'full_page_writes = on']),
    close: release,
  }
}
