import { mkdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { lock } from 'proper-lockfile'
import { createCluster } from './cluster.ts'
import { openHold, type Hold } from './hold.ts'
import { databaseUrl } from './password.ts'
import { startPostmaster, stopPostmaster } from './postmaster.ts'

export interface EmbeddedDatabase {
  url: string
  /** Leaves. The last process to leave stops PostgreSQL and waits until it is gone. */
  release(): Promise<void>
}

/**
 * Starts, or joins, the PostgreSQL that lives in `<dataDir>/postgres`, which is created on first use.
 *
 * Any number of processes may share a dataDir. Each keeps one idle connection, its hold, by which the others know
 * that it is there. A hold does not keep its process alive: one with nothing left to do releases by itself.
 *
 * @throws when this machine has no PostgreSQL binaries or PostgreSQL does not start; the message says what to do.
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
    // Two at once is no disaster: PostgreSQL guards its own directory, and a new cluster appears by rename.
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
    // It may have been killed between the look at postmaster.pid and the connection.
    if (!isConnectionLost(error)) throw error
    return await openHold(await currentUrl(), revive)
  }
}

function isConnectionLost(error: unknown) {
  const { code } = error as { code?: string }
  return (
    code === 'ECONNREFUSED' ||
    code === 'ECONNRESET' ||
    code === 'CONNECTION_CLOSED' ||
    code === '57P01' ||
    code === '57P03'
  )
}

async function leave(home: string, hold: Hold) {
  const others = await hold.countOthers()
  await hold.close()
  if (others === 0) await stopPostmaster(home)
}
