import postgres from 'postgres'
import { loadMigrations } from '#server/database/migrations/files.ts'
import { fleetStatus } from '#server/database/migrations/fleet-rows.ts'
import { migrateFleet } from '#server/database/migrations/fleet.ts'
import type { Fleet, Tenant } from './fleet.ts'
import type { LoadRequest, Measured } from './load.ts'
import { memoryOf, startServer } from './processes.ts'
import { format, printTable, tell } from './report.ts'
import type { Run } from './rounds.ts'
import { warmUp } from './rounds.ts'
import { quantile } from './statistics.ts'
import type { Target } from './targets.ts'
import { checkAnswer, workloads } from './workloads.ts'

/** How many tenants `new tenant` creates. */
const newTenants = 100
const users = workloads[0]!
/** PostgreSQL plans the first five uses of a prepared statement anew, on each of a tenant's two connections. */
const warmTurns = 14

/**
 * Measures users/me with so many tenants, all touched in turn, and the memory that the server and its backends then
 * use. Each number of tenants has a server of its own.
 */
export async function measureTenants(run: Run, tenantry: Target, counts: number[]): Promise<void> {
  const rows: string[][] = []
  for (const count of counts) {
    tell(`tenants: ${count}`)
    await run.fleet.growTo(count, 4)
    await run.fleet.settle()
    const { cold, measured, server, backends } = await measureCount(run, tenantry, run.fleet.tenants.slice(0, count))
    const { rate, p50, p99, errors } = measured
    const shares = backends.reduce((sum, pss) => sum + pss, 0)
    rows.push([
      format(count),
      `${format(cold.rate)}, ${format(cold.p99, 1)}`,
      format(rate),
      format(p50, 1),
      format(p99, 1),
      format(server),
      `${backends.length}: ${format(shares)}`,
      format(errors),
    ])
  }
  const memory = ['memory of the server, MB (RSS)', 'its backends, and their memory, MB (PSS)']
  printTable(
    'users/me, all tenants in turn',
    ['tenants', 'second turn: requests/s, p99 in ms', 'warm: requests/s', 'p50, ms', 'p99, ms', ...memory, 'errors'],
    rows,
  )
}

/** Measures how long it takes to create a tenant when there is no spare schema. */
export async function measureNewTenants({ growTo, tenants }: Fleet): Promise<void> {
  tell('new tenant')
  const before = tenants.length
  const times = await growTo(before + newTenants)
  printTable(
    `New tenant, with ${format(before)} tenants and no spare schema`,
    ['p50, ms', 'p99, ms'],
    [[format(quantile(times, 0.5)), format(quantile(times, 0.99))]],
  )
}

/** Measures one migration of all tenants. Afterwards, the database has a migration that the code does not have. */
export async function measureMigration({ app, growTo, tenants }: Fleet, count: number): Promise<void> {
  await growTo(count)
  tell(`migration: ${tenants.length} tenants`)
  const statements = ['alter table users add column bench text', 'create index users_bench on users (bench)']
  const migrations = [...loadMigrations('.', 'tenant'), { name: 'tenant/9999_bench', checksum: 'bench', statements }]
  const started = performance.now()
  const { done, failed } = await migrateFleet(app.database, migrations, { parallel: 4 })
  const migrated = performance.now()
  await fleetStatus(app.database, migrations)
  const status = performance.now() - migrated
  printTable(
    'One migration of all tenants: a column and an index',
    ['tenants', 'seconds', 'failed', 'status afterwards, ms'],
    [[format(done), format((migrated - started) / 1000, 1), format(failed.length), format(status)]],
  )
}

async function measureCount(
  { fleet, generator, cores, seconds }: Run,
  tenantry: Target,
  tenants: Tenant[],
): Promise<{ cold: Measured; measured: Measured; server: number; backends: number[] }> {
  const requests = await prepareRequests(tenantry, tenants)
  const sql = postgres(fleet.env.DATABASE_URL!, { max: 1, onnotice: () => {} })
  const findBackends = async () =>
    (await sql<{ pid: number }[]>`select pid from pg_stat_activity where backend_type = 'client backend'`).map(
      ({ pid }) => pid,
    )
  const before = new Set(await findBackends())
  const { pid, stop } = await startServer(tenantry, cores)
  try {
    await checkAnswer(users, tenantry, tenants[0]!.members[0]!, requests[0]!)
    const { port } = tenantry
    const { connections } = users
    const job = { port, pid, connections, requests, isWholeTurn: true }
    const cold = await generator.run({ ...job, warmUp: 0, seconds: 0 })
    const measured = await generator.run({ ...job, warmUp, turns: warmTurns, seconds })
    const own = (await findBackends()).filter(backend => !before.has(backend))
    return { cold, measured, server: memoryOf(pid).rss, backends: own.map(backend => memoryOf(backend).pss) }
  } finally {
    await stop()
    await sql.end()
  }
}

/** @returns a request of one user of each tenant */
async function prepareRequests(tenantry: Target, tenants: Tenant[]): Promise<LoadRequest[]> {
  const requests: LoadRequest[] = []
  for (const { members } of tenants) {
    const member = members[0]!
    requests.push(users.request(tenantry, member, await tenantry.signIn(member))!)
  }
  return requests
}
