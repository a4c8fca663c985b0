/**
 * Starts a Citus cluster for the tests, a coordinator and two workers in a temporary folder, until it is interrupted:
 *
 *     node tests/support/citus/start.ts /usr/lib/postgresql/15/bin
 *
 * The folder has PostgreSQL's programs; the extension must be installed there. Prints the `CITUS_URL` for the tests.
 */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chown, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import postgres from 'postgres'
import { postgresAccount } from '#server/database/embedded/account.ts'
import { freePort } from '../process/server.ts'

/** What Citus needs, and then what makes it fast: data may be lost when the machine crashes. */
const settings = {
  'shared_preload_libraries': 'citus',
  'wal_level': 'logical',
  'max_prepared_transactions': '200',
  'max_connections': '1000',
  // One maintenance daemon for each database of a test.
  'max_worker_processes': '400',
  'citus.node_conninfo': 'sslmode=disable',
  'listen_addresses': '127.0.0.1',
  'unix_socket_directories': '',
  'fsync': 'off',
  'full_page_writes': 'off',
  'max_wal_size': '4GB',
  'jit': 'off',
}

const binaries = process.argv[2]
if (!binaries) throw new Error("The folder with PostgreSQL's programs is missing.")

const home = await mkdtemp(join(tmpdir(), 'tenantry-citus-'))
const account = await postgresAccount(binaries, home)
if (account.owner) await chown(home, account.owner.uid, account.owner.gid)
const nodes = [await startNode('coordinator'), await startNode('worker-1'), await startNode('worker-2')]
const [coordinator, ...workers] = nodes.map(({ port }) => port)
await introduce()
process.stdout.write(`CITUS_URL=${urlOf(coordinator!)}\n`)
await Promise.race([
  ...['SIGINT', 'SIGTERM'].map(signal => once(process, signal)),
  ...nodes.map(({ exited }) => exited),
])
for (const { child } of nodes) child.kill('SIGINT')
await Promise.all(nodes.map(({ exited }) => exited))
await rm(home, { recursive: true })

async function startNode(name: string) {
  const port = await freePort()
  const place = join(home, name)
  const [initdb, ...initArgs] = [
    ...account.prefix,
    join(binaries!, 'initdb'),
    `--pgdata=${place}`,
    '--username=postgres',
    '--auth=trust',
    '--encoding=UTF8',
    '--locale=C.UTF-8',
    '--no-sync',
  ]
  await promisify(execFile)(initdb!, initArgs, { cwd: '/' })
  const [program, ...args] = [
    ...account.prefix,
    join(binaries!, 'postgres'),
    ...['-D', place, '-p', String(port)],
    ...Object.entries(settings).map(([setting, value]) => `--${setting}=${value}`),
  ]
  // A group of its own: Ctrl-C would otherwise reach it at the same time.
  const child = spawn(program!, args, { cwd: '/', stdio: ['ignore', 'ignore', 'inherit'], detached: true })
  return { port, child, exited: once(child, 'exit') }
}

/** Lets the nodes know each other, in the database that the tests begin from. */
async function introduce(): Promise<void> {
  for (const port of [coordinator!, ...workers]) await ask(port, 'create extension citus')
  await ask(coordinator!, `select citus_set_coordinator_host('127.0.0.1', ${coordinator})`)
  for (const port of workers) await ask(coordinator!, `select citus_add_node('127.0.0.1', ${port})`)
}

/** Tries again until the node answers. */
async function ask(port: number, statement: string): Promise<void> {
  for (;;) {
    const sql = postgres(urlOf(port), { max: 1, connect_timeout: 1, onnotice: () => {} })
    try {
      return void (await sql.unsafe(statement))
    } catch (error) {
      if (!['ECONNREFUSED', '57P03'].includes((error as { code: string }).code)) throw error
      await sleep(50)
    } finally {
      await sql.end({ timeout: 0 })
    }
  }
}

function urlOf(port: number): string {
  return `postgres://postgres@127.0.0.1:${port}/postgres`
}
