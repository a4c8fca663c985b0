import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import postgres from 'postgres'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { createCluster } from '#server/database/embedded/cluster.ts'
import { startEmbeddedDatabase } from '#server/database/embedded/embedded.ts'
import { readPostmaster } from '#server/database/embedded/pid-file.ts'
import { startPostmaster } from '#server/database/embedded/postmaster.ts'

/** A cluster that was never started: creating one takes longer than copying it. */
let created: string
let dataDir: string
const children: ChildProcess[] = []

beforeAll(async () => {
  created = await mkdtemp(join(tmpdir(), 'tenantry-'))
  await createCluster(created)
})
afterAll(() => rm(created, { recursive: true }))

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'tenantry-'))
  // With the owners of the files.
  await promisify(execFile)('cp', ['-Rp', `${created}/.`, dataDir])
})

afterEach(async () => {
  for (const child of children.splice(0)) await killNow(child)
  // Joining and leaving as the last process stops everything that a killed process left running.
  if (await readPostmaster(dataDir)) await startEmbeddedDatabase(dataDir).then(database => database.release())
  await rm(dataDir, { recursive: true })
})

describe('the embedded database', () => {
  it('keeps its data, its port and its password over a restart', async () => {
    const first = await startEmbeddedDatabase(dataDir)
    await query(first.url, 'create table kept (word text)')
    await query(first.url, `insert into kept values ('still here')`)
    await first.release()

    const second = await startEmbeddedDatabase(dataDir)
    expect(second.url).toBe(first.url)
    expect(await query(second.url, 'select word from kept')).toEqual([{ word: 'still here' }])
    await second.release()
  })

  it('is waited for as long as it recovers after a crash', async () => {
    // The limit is over as soon as it has begun to start.
    const now = Date.now
    const isStarting = () => existsSync(join(dataDir, 'postgres/postmaster.pid'))
    vi.spyOn(Date, 'now').mockImplementation(() => now() + (isStarting() ? 3_600_000 : 0))
    onTestFinished(() => void vi.restoreAllMocks())
    expect(await startPostmaster(dataDir, 60_000)).toBeGreaterThan(0)
  })

  it('is UTF-8, runs in UTC and gives us no superuser', async () => {
    const { url, release } = await startEmbeddedDatabase(dataDir)
    const [row] = await query(
      url,
      `
      select current_setting('server_encoding') as encoding, current_setting('TimeZone') as zone,
        (select rolsuper from pg_roles where rolname = current_user) as superuser`,
    )
    expect(row).toEqual({ encoding: 'UTF8', zone: 'UTC', superuser: false })
    await release()
  })

  it('keeps its password to the owner, and lets nobody in without it', async () => {
    const { url, release } = await startEmbeddedDatabase(dataDir)
    expect((await stat(join(dataDir, 'postgres.password'))).mode & 0o777).toBe(0o600)
    await expect(query(url.replace(/:[^:@]+@/, ':guess@'), 'select 1')).rejects.toThrow(
      'password authentication failed',
    )
    await release()
  })

  it('is shared by processes that start at the same time on an empty directory', async () => {
    await empty(dataDir)
    const holders = await Promise.all([hold(), hold(), hold()])
    expect(new Set(holders.map(holder => holder.url)).size).toBe(1)
    expect(await query(holders[0]!.url, 'select 1 as one')).toEqual([{ one: 1 }])
    expect((await readdir(dataDir)).filter(name => name.startsWith('postgres.init'))).toEqual([])
  })

  it('runs until the last process leaves', async () => {
    const [first, second] = await Promise.all([hold(), hold()])
    const { pid } = (await readPostmaster(dataDir))!

    await first.leave()
    expect(await readPostmaster(dataDir)).toMatchObject({ pid, status: 'ready' })
    await second.leave()
    expect(await readPostmaster(dataDir)).toBeUndefined()
    await expect(query(first.url, 'select 1')).rejects.toThrow('ECONNREFUSED')
  })

  it('stops when all processes leave at once', async () => {
    const holders = await Promise.all([hold(), hold(), hold()])
    await Promise.all(holders.map(holder => holder.leave()))
    expect(await readPostmaster(dataDir)).toBeUndefined()
  })

  it('outlives a process that is killed, and is joined and stopped by the next', async () => {
    const killed = await hold()
    await killNow(killed.child)
    const orphan = await readPostmaster(dataDir)
    expect(orphan).toMatchObject({ status: 'ready' })

    const next = await startEmbeddedDatabase(dataDir)
    expect(await readPostmaster(dataDir)).toEqual(orphan)
    await next.release()
    expect(await readPostmaster(dataDir)).toBeUndefined()
  })

  it('comes back for everybody after it was killed itself', async () => {
    const survivor = await startEmbeddedDatabase(dataDir)
    const { pid } = (await readPostmaster(dataDir))!
    process.kill(pid, 'SIGKILL')

    const next = await startEmbeddedDatabase(dataDir)
    expect(next.url).toBe(survivor.url)
    expect((await readPostmaster(dataDir))!.pid).not.toBe(pid)

    await vi.waitFor(async () => expect(await countHolds(next.url)).toBe(2), { timeout: 60_000 })
    await next.release()
    expect(await query(survivor.url, 'select 1 as one')).toEqual([{ one: 1 }])
    await survivor.release()
  })

  it('starts although its pid file names a pid that is now another program', async () => {
    const first = await startEmbeddedDatabase(dataDir)
    const pidFile = join(dataDir, 'postgres/postmaster.pid')
    const lines = (await readFile(pidFile, 'utf8')).split('\n')
    await first.release()

    const stranger = spawn('sleep', ['60'])
    children.push(stranger)
    await writeFile(pidFile, [stranger.pid, ...lines.slice(1)].join('\n'))

    const second = await startEmbeddedDatabase(dataDir)
    expect(await query(second.url, 'select 1 as one')).toEqual([{ one: 1 }])
    expect(isAlive(stranger.pid!)).toBe(true)
    await second.release()
  })

  it('is created again if its creation was interrupted', async () => {
    await empty(dataDir)
    await mkdir(join(dataDir, 'postgres.init-interrupted/base'), { recursive: true })
    await mkdir(join(dataDir, 'postgres/base'), { recursive: true })

    const database = await startEmbeddedDatabase(dataDir)
    expect(await query(database.url, 'select 1 as one')).toEqual([{ one: 1 }])
    expect(await readdir(dataDir)).not.toContain('postgres.init-interrupted')
    await database.release()
  })

  it('says what to do when its password is lost', async () => {
    const { release } = await startEmbeddedDatabase(dataDir)
    await release()
    const password = await readFile(join(dataDir, 'postgres.password'))
    await rm(join(dataDir, 'postgres.password'))
    await expect(startEmbeddedDatabase(dataDir)).rejects.toThrow('postgres.password is missing')
    await writeFile(join(dataDir, 'postgres.password'), password)
  })
})

async function empty(directory: string): Promise<void> {
  await rm(directory, { recursive: true })
  await mkdir(directory)
}

async function hold() {
  const child = spawn(process.execPath, ['tests/support/database/database-holder.ts', dataDir], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  children.push(child)
  const [url] = (await once(createInterface(child.stdout), 'line')) as [string]
  const leave = async () => {
    child.stdin.end()
    expect(await once(child, 'exit')).toEqual([0, null])
  }
  return { child, url, leave }
}

async function killNow(child: ChildProcess) {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}

function isAlive(pid: number) {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

async function query(url: string, text: string) {
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  try {
    return [...(await sql.unsafe(text))]
  } finally {
    await sql.end()
  }
}

async function countHolds(url: string) {
  const [row] = await query(
    url,
    `select count(*)::int as holds from pg_stat_activity where application_name = 'tenantry-hold'`,
  )
  return row!.holds
}
