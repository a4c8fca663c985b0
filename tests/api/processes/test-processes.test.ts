import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, describe, expect, test } from 'vitest'
import { readPostmaster } from '#server/database/embedded/pid-file.ts'
import { waitLimit } from '../../support/process/wait-limit.ts'
import { freePort } from '../../support/process/server.ts'
import { createTestDatabase } from '../../support/world.ts'

let parent: ChildProcess | undefined
let started: number | undefined
afterEach(() => {
  for (const pid of [parent?.pid, started]) if (pid && isAlive(pid)) process.kill(pid, 'SIGKILL')
})

describe('processes that a test run has started end with it, even if it is killed:', () => {
  test('a server', async () => {
    const env = {
      DATABASE_URL: await createTestDatabase('platform'),
      PORT: String(await freePort()),
      SECRET: randomBytes(32).toString('base64url'),
      PEPPER: randomBytes(32).toString('base64url'),
      DATA_DIR: '/nonexistent',
      POOL_SIZE: '0',
    }
    started = Number(
      await said(`
      import { startServer } from './tests/support/process/server.ts'
      console.log((await startServer(${JSON.stringify(env)})).pid)`),
    )
    expect(isAlive(started)).toBe(true)
    parent!.kill('SIGKILL')
    await expect.poll(() => isAlive(started!), waitLimit).toBe(false)
  })

  test('a PostgreSQL, with its folder', async () => {
    const home = await realpath(await mkdtemp(join(tmpdir(), 'tenantry-processes-')))
    await said(`
      import { holdDatabase } from './tests/support/database/held-database.ts'
      console.log((await holdDatabase(${JSON.stringify(home)})).url)`)
    started = (await readPostmaster(home))!.pid
    // To the whole process group, as Ctrl-C does.
    process.kill(-parent!.pid!, 'SIGINT')
    await expect.poll(() => existsSync(home), waitLimit).toBe(false)
    expect(isAlive(started)).toBe(false)
    await rm(home, { recursive: true, force: true })
  })
})

/**
 * Runs a script in its own process and process group.
 * @returns its first line of output
 */
async function said(script: string): Promise<string> {
  parent = spawn(process.execPath, ['--input-type=module', '--eval', `${script}; setInterval(() => {}, 1_000)`], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  })
  const [line] = (await once(createInterface(parent.stdout!), 'line')) as [string]
  return line
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
