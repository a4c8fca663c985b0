import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chown, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import postgres from 'postgres'
import { postgresAccount } from '#server/database/embedded/account.ts'
import { freePort } from '../process/server.ts'

const binaries = '/usr/lib/postgresql/15/bin'

/** Debian 12's package, if it is installed; `npm test` installs it if it may. */
export const hasPostgres15 = existsSync(join(binaries, 'postgres'))

/** Starts a PostgreSQL 15, the oldest supported version, with an empty database; it ends with this process. */
export async function startPostgres15(): Promise<{ url: string; stop(): Promise<void> }> {
  const home = await mkdtemp(join(tmpdir(), 'tenantry-postgres15-'))
  const account = await postgresAccount(binaries, home)
  if (account.owner) await chown(home, account.owner.uid, account.owner.gid)
  const port = await freePort()
  const [initdb, ...initArgs] = [
    ...account.prefix,
    join(binaries, 'initdb'),
    `--pgdata=${home}/data`,
    '--username=tenantry',
    '--auth=trust',
    '--encoding=UTF8',
    '--locale=C.UTF-8',
    '--no-sync',
  ]
  await promisify(execFile)(initdb!, initArgs, { cwd: '/' })
  const settings = { listen_addresses: '127.0.0.1', unix_socket_directories: '', fsync: 'off' }
  const child = spawn(
    process.execPath,
    [
      'tests/support/process/run-with-parent.ts',
      ...account.prefix,
      join(binaries, 'postgres'),
      '-D',
      `${home}/data`,
      '-p',
      String(port),
      ...Object.entries(settings).map(([name, value]) => `--${name}=${value}`),
    ],
    { stdio: ['pipe', 'ignore', 'ignore'] },
  )
  const exited = once(child, 'exit')
  const url = `postgres://tenantry@127.0.0.1:${port}/tenantry`
  await Promise.race([createDatabase(port), exited.then(() => Promise.reject(new Error('PostgreSQL has ended.')))])
  return {
    url,
    async stop() {
      child.kill()
      await exited
      await rm(home, { recursive: true })
    },
  }
}

async function createDatabase(port: number): Promise<void> {
  for (;;) {
    const sql = postgres(`postgres://tenantry@127.0.0.1:${port}/postgres`, {
      max: 1,
      connect_timeout: 1,
      onnotice: () => {},
    })
    const isMade = await sql`create database tenantry`.then(
      () => true,
      () => false,
    )
    await sql.end({ timeout: 0 })
    if (isMade) return
    await sleep(50)
  }
}
