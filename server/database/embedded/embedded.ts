import { mkdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { lock } from 'proper-lockfile'
import { createCluster } from './cluster.ts'
import { openHold, type Hold } from './hold.ts'
import { databaseUrl } from './password.ts'
import { startPostmaster, stopPostmaster } from './postmaster.ts'

export interface EmbeddedDatabase {
  url: string
  /** Releases the hold. The last process stops PostgreSQL and waits until it has ended. */
  release(): Promise<void>
}

/**
 * Starts, or joins, the PostgreSQL in `<dataDir>/postgres`, which is created on first use.
 *
 * Any number of processes may share a dataDir. Each keeps one idle connection, its hold, which tells the others that
 * it exists. A hold does not keep its process alive: a process that has nothing left to do releases it by itself.
 *
 * @throws when this machine has no PostgreSQL binaries or PostgreSQL does not start; the message says what to do
 */
export async function startEmbeddedDatabase(dataDir: string): Promise<EmbeddedDatabase> {
  await mkdir(dataDir, { recursive: true })
  const home = await realpath(dataDir)
  const hold = await exclusively(home, () => enter(home))

  let released: Promise<void> | undefined
  const release = () => {
    process.off('beforeExit', release)
    return (released ??= exclusively(home, () => leave(home, hold)))
  }
  process.once('beforeExit', release)
  return { url: hold.url, release }
}

async function exclusively<T>(home: string, work: () => Promise<T>): Promise<T> {
  const unlock = await lock(home, {
    lockfilePath: join(home, 'postgres.lock'),
    stale: 5_000,
    retries: { retries: 6_000, minTimeout: 10, maxTimeout: 50 },
    // Two processes at once are safe: PostgreSQL locks its directory, and a new cluster appears by rename.
    onCompromised: () => {},
  })
  try {
    return await work()
  } finally {
    await unlock().catch(() => {})
  }
}

async function enter(home: string): Promise<Hold> {
  await createCluster(home)
  const currentUrl = async () => databaseUrl(home, await startPostmaster(home))
  const revive = (isClosed: () => boolean) =>
    exclusively(home, async () => {
      if (isClosed()) throw new Error('Nobody here needs it any more.')
      return currentUrl()
    })
  try {
    return await openHold(await currentUrl(), revive)
  } catch (error) {
    // It may have been killed between the read of postmaster.pid and the connection.
    if (!isConnectionLost(error)) throw error
    return await openHold(await currentUrl(), revive)
  }
}

function isConnectionLost(error: unknown) {
  const { code = '' } = error as { code?: string }
  return ['ECONNREFUSED', 'ECONNRESET', 'CONNECTION_CLOSED', '57P01', '57P03'].includes(code)
}

async function leave(home: string, hold: Hold) {
  const others = await hold.countOthers()
  await hold.close()
  if (others === 0) await stopPostmaster(home)
}
