/**
 * `node bench/migrations.ts [--tenants 1000 …]`: migrations of many organisations while the server answers requests of
 * some of them, by hand. The server is of the version before: it does not know these migrations. Three are measured: a
 * column with a default, an index that is made concurrently, and a column again, whose process is killed in the middle
 * and started again.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { sql } from 'drizzle-orm'
import type { Migration } from '#server/database/migrations/files.ts'
import { loadMigrations } from '#server/database/migrations/files.ts'
import { fleetStatus } from '#server/database/migrations/fleet-rows.ts'
import { migrateFleet } from '#server/database/migrations/fleet.ts'
import { planMigrations } from '#server/database/migrations/plan.ts'
import { usualCanaries } from '#server/database/migrations/waves.ts'
import { withDatabase } from '#server/database/with-database.ts'
import { buildIfNeeded } from '../scripts/build.ts'
import type { Fleet } from './fleet.ts'
import { createFleet } from './fleet.ts'
import { startServer } from './processes.ts'
import { format, printTable, tell } from './report.ts'
import { tenantryOn } from './targets.ts'
import { prepareTraffic } from './traffic.ts'

const parallel = 4
const slots = { size: 1 + parallel, statementShare: 1, statementTimeout: 600_000, lockTimeout: 10_000 }

const samples: Record<string, string> = {
  column: "alter table users add column bench_column text default 'new' not null",
  index: 'create index concurrently users_bench on users (last_name)',
  killed: "alter table users add column bench_killed text default 'new' not null",
}
const migrations = loadMigrations('.', 'tenant')

/** Set in the process that is killed: the names of the samples that it migrates to. */
const childOf = process.env.BENCH_SAMPLES
if (childOf !== undefined) await migrateAsChild(childOf.split(','))
else await measure()

async function measure(): Promise<void> {
  const { values } = parseArgs({ options: { tenants: { type: 'string', multiple: true, default: ['1000'] } } })
  await buildIfNeeded()
  tell('Creating the tenants…')
  const fleet = await createFleet()
  const rows: string[][] = []
  try {
    for (const count of values.tenants.map(Number)) rows.push(...(await measureAt(fleet, count)))
  } finally {
    await fleet.close()
  }
  printTable(
    'Migrations of all organisations, while the server answers',
    ['tenants', 'what', 'seconds', 'failed', 'requests', 'refused', 'p50, ms', 'p99, ms', 'longest, ms'],
    rows,
  )
}

async function measureAt(fleet: Fleet, count: number): Promise<string[][]> {
  await fleet.growTo(count, 3)
  await fleet.settle()
  const target = tenantryOn(fleet)
  const server = await startServer(target, undefined)
  const rows: string[][] = []
  const suffix = `_${count}`
  try {
    const traffic = await prepareTraffic(fleet, target)
    rows.push([format(count), 'no migration', '10.0', '–', ...(await traffic(() => sleep(10_000))).cells])
    const done: Migration[] = []
    for (const name of ['column', 'index'] as const) {
      tell(`${count} tenants: ${name}`)
      done.push(sample(name, suffix))
      const { cells, seconds, result } = await traffic(() => migrate(fleet, done))
      rows.push([format(count), name, format(seconds, 1), format(result.failed.length), ...cells])
    }
    tell(`${count} tenants: killed`)
    done.push(sample('killed', suffix))
    const { cells, seconds, result } = await traffic(() => killAndRepeat(fleet, done, suffix))
    rows.push([format(count), `killed at ${result.at}, and again`, format(seconds, 1), format(result.failed), ...cells])
    await measureStatus(fleet, done, count, rows)
    return rows
  } finally {
    await server.stop()
  }
}

async function measureStatus({ app }: Fleet, done: Migration[], count: number, rows: string[][]): Promise<void> {
  const tenant = [...migrations, ...done]
  const times: Record<string, number> = {}
  for (const [name, work] of Object.entries({
    'migrate status': () => fleetStatus(app.database, tenant),
    'migrate plan, of one more': () =>
      planMigrations(app.database, {
        platform: loadMigrations('.', 'platform'),
        tenant: [...tenant, { name: 'tenant/9999_plan', checksum: 'x', statements: ['alter table users add x text'] }],
      }),
  })) {
    const started = performance.now()
    await work()
    times[name] = performance.now() - started
  }
  for (const [name, time] of Object.entries(times))
    rows.push([format(count), name, format(time / 1_000, 2), '–', '–', '–', '–', '–', '–'])
}

function sample(name: string, suffix: string): Migration {
  const statement = samples[name]!.replace(/bench(?:_\w+)?/, found => `${found}${suffix}`)
  return { name: `tenant/99_${name}${suffix}`, checksum: 'bench', statements: [statement] }
}

async function migrate({ app }: Fleet, done: Migration[]) {
  const canaries = usualCanaries(10_000)
  const options = { parallel, canaries, batch: 200, maxErrors: 10 }
  return withDatabase(app, slots, database => migrateFleet(database, [...migrations, ...done], options))
}

/** Kills the process when half of the tenants are migrated, checks that none is half, and migrates the rest. */
async function killAndRepeat(fleet: Fleet, done: Migration[], suffix: string): Promise<{ failed: number; at: string }> {
  const { platform } = fleet.app.database
  const last = done.at(-1)!.name
  const names = done.map(({ name }) => name.replace('tenant/99_', '').replace(suffix, '')).join(',')
  const child = spawn(process.execPath, [import.meta.filename], {
    env: { ...process.env, ...fleet.env, BENCH_SAMPLES: `${suffix},${names}` },
    stdio: 'inherit',
  })
  const ended = once(child, 'exit')
  const count = async () =>
    (
      await platform.db.execute<{ count: number }>(
        sql`select count(*)::int as count from platform.schema_versions where version = ${last}`,
      )
    )[0]!.count
  while ((await count()) < fleet.tenants.length / 2) await sleep(20)
  child.kill('SIGKILL')
  await ended
  await sleep(500)
  const at = await count()
  const [columns] = await platform.db.execute<{ count: number }>(
    sql`select count(*)::int as count from pg_attribute where attname = ${`bench_killed${suffix}`} and attnum > 0`,
  )
  if (columns!.count !== at) throw new Error(`${columns!.count} schemas have the column, and ${at} the record.`)
  const { failed } = await migrate(fleet, done)
  if ((await count()) !== fleet.tenants.length) throw new Error('Not all are migrated.')
  return { failed: failed.length, at: format(at) }
}

async function migrateAsChild([suffix, ...names]: string[]): Promise<void> {
  const { loadConfig } = await import('#server/config.ts')
  const { createApp } = await import('#server/create-app.ts')
  const { createLogger } = await import('#server/logger.ts')
  const app = await createApp(loadConfig(process.env), createLogger('silent'), slots)
  await migrateFleet(app.database, [...migrations, ...names.map(name => sample(name, suffix!))], { parallel })
  await app.close()
}
