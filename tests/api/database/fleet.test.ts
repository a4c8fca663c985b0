import { setTimeout as sleep } from 'node:timers/promises'
import postgres from 'postgres'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import type { RunningApp } from '#server/create-app.ts'
import { newId } from '#server/database/ids.ts'
import type { Migration } from '#server/database/migrations/files.ts'
import { loadMigrations, targetVersion } from '#server/database/migrations/files.ts'
import { fleetStatus } from '#server/database/migrations/fleet-rows.ts'
import { migrateFleet } from '#server/database/migrations/fleet.ts'
import { planMigrations } from '#server/database/migrations/plan.ts'
import { bootstrapPlatform, requireCompatible } from '#server/database/migrations/runner.ts'
import { fromSystem } from '#server/domain/context.ts'
import { migrateLatecomers } from '#server/domain/migrations/latecomers.ts'
import { lastFleetMigration, requestFleetMigration, stopFleetMigration } from '#server/domain/migrations/runs.ts'
import { runOperation, startOperations } from '#server/domain/operations/runner.ts'
import type { Check } from '#server/domain/platform/check.ts'
import { createTenant } from '#server/domain/tenants/create.ts'
import { citusUrl } from '../../support/citus/databases.ts'
import { hold } from '../../support/database/hold.ts'
import { undoMigration } from '../../support/database/undo-migration.ts'
import { runCli, startCli } from '../../support/process/cli.ts'
import { waitLimit } from '../../support/process/wait-limit.ts'
import type { Workbench } from '../../support/process/workbench.ts'
import { createWorkbench } from '../../support/process/workbench.ts'
import { createTestDatabase } from '../../support/world.ts'
import { volume } from '../../support/volume.ts'

const known = loadMigrations('.', 'tenant')
const platform = loadMigrations('.', 'platform')

let workbench: Workbench
let app: RunningApp
let sql: postgres.Sql

beforeAll(async () => {
  workbench = await createWorkbench({}, 60_000)
  app = workbench.app
  sql = workbench.sql
})
afterAll(async () => {
  await workbench.close()
})
beforeEach(async () => {
  for (const { nspname } of await sql`select nspname from pg_namespace where nspname ~ '^t_'`)
    await sql`drop schema ${sql(nspname as string)} cascade`
  await sql`delete from platform.schema_versions where schema <> 'platform'`
  await sql`update platform.schema_versions set needed = '{}'`
  await sql`delete from platform.operations`
  await sql`delete from platform.spare_schemas`
  await sql`delete from platform.tenants`
})

describe('waves', () => {
  test('begin with the organisations that were named, and halt when one of them fails', async () => {
    const [first] = await createFleet('aaa', 'bbb', 'ccc', 'ddd')
    await spoil(first!)
    const migrations = [...known, namedDepartments]
    const options = { parallel: 4, canaries: ['aaa'] }
    expect(await migrateFleet(app.database, migrations, options)).toMatchObject({
      done: 0,
      failed: [{ subdomain: 'aaa', error: expect.stringMatching(`^${namedDepartments.name}: .*departments_named`) }],
      halted: 'One of the first organisations has failed.',
    })
    expect((await fleetStatus(app.database, migrations)).current).toBe(0)
    await sql`delete from ${sql(first!)}.departments`
    expect(await migrateFleet(app.database, migrations, options)).toMatchObject({ done: 4, failed: [], halted: null })
  })

  test('begin with the smallest ones that have not failed, then come in batches', async () => {
    const [large, broken] = await createFleet('large', 'broken', 'one', 'two', 'three')
    await sql`create table ${sql(large!)}.ballast as select generate_series(1, 20000) as n`
    await sql.unsafe(`vacuum ${large!}.ballast`)
    await sql`update platform.schema_versions set state = 'failed' where schema = ${broken!}`
    const waves: string[][] = []
    await migrateFleet(app.database, [...known, gadgets], {
      parallel: 2,
      canaries: 2,
      batch: 2,
      onWave: ({ rows, isCanaries }) => waves.push([isCanaries ? 'first' : 'then', ...rows.map(row => row.subdomain)]),
    })
    expect(waves.map(([kind, ...rows]) => [kind, rows.length])).toEqual([
      ['first', 2],
      ['then', 2],
      ['then', 1],
    ])
    expect(waves[0]).not.toContain('large')
    expect(waves[0]).not.toContain('broken')
    expect(waves[2]).toEqual(['then', 'broken'])
  })

  test('halt when more have failed than may, and leave the others as they were', async () => {
    const schemas = await createFleet(...letters(8))
    for (const schema of schemas.slice(0, 6)) await spoil(schema)
    const migrations = [...known, namedDepartments]
    const report = await migrateFleet(app.database, migrations, { parallel: 1, maxErrors: 2 })
    expect(report).toMatchObject({ done: 0, skipped: 0, interrupted: false, halted: 'More than 2 have failed.' })
    expect(report.failed).toHaveLength(3)
    const { behind } = await fleetStatus(app.database, migrations)
    expect(behind.filter(({ state }) => state === 'failed')).toHaveLength(3)
    expect(behind.filter(({ state }) => state === 'migrated')).toHaveLength(5)
  })

  test('can be of those only that have failed before', async () => {
    const [bad] = await createFleet('bad', 'good', 'late')
    await spoil(bad!)
    const migrations = [...known, namedDepartments]
    await migrateFleet(app.database, migrations, { parallel: 1, subdomain: 'bad' })
    await sql`delete from ${sql(bad!)}.departments`
    expect(await migrateFleet(app.database, migrations, { parallel: 1, onlyFailed: true })).toMatchObject({
      done: 1,
      skipped: 0,
      failed: [],
    })
    expect((await fleetStatus(app.database, migrations)).current).toBe(1)
  })
})

describe('an organisation whose tables are in use', () => {
  test('is tried again and again, while the others are migrated', async () => {
    const [busy] = await createFleet('busy', 'one', 'two')
    const migrations = [...known, extraColumn]
    const lock = await hold(sql, tx => tx`lock table ${tx(busy!)}.users in access share mode`)
    const run = migrateFleet(app.database, migrations, { parallel: 1, attempts: 1_000 })
    await expect.poll(async () => (await fleetStatus(app.database, migrations)).current, waitLimit).toBe(2)
    // Its requests go on meanwhile: they do not queue behind the migration for long.
    expect(await sql`select count(*)::int as users from ${sql(busy!)}.users`).toEqual([{ users: 1 }])
    await lock.release()
    expect(await run).toMatchObject({ done: 3, failed: [] })
  })

  test('is reported when that takes too long, and is left as it was', async () => {
    const [busy] = await createFleet('busy')
    const lock = await hold(sql, tx => tx`lock table ${tx(busy!)}.users in access share mode`)
    const [{ pid }] = await sql<[{ pid: number }]>`
      select l.pid from pg_locks l join pg_namespace n on n.nspname = ${busy!} join pg_class c on c.oid = l.relation and c.relnamespace = n.oid limit 1`
    const report = await migrateFleet(app.database, [...known, gadgets, extraColumn], { parallel: 1, attempts: 2 })
    expect(report.failed).toEqual([
      {
        subdomain: 'busy',
        schema: busy,
        error: `${extraColumn.name}: canceling statement due to lock timeout. Locks are held by process ${pid} (tests, idle in transaction). When that has ended, run: tenantry migrate retry`,
      },
    ])
    await lock.release()
    expect(await sql`select from pg_tables where tablename = 'gadgets'`).toHaveLength(0)
  })
})

describe('an index that is made concurrently', () => {
  test('is made in all organisations while they are written to', async () => {
    const schemas = await createFleet(...letters(volume(6, 30)))
    let writes = 0
    let isOver = false
    const writing = schemas.slice(0, 3).map(async schema => {
      while (!isOver) {
        await sql`update ${sql(schema)}.users set first_name = ${`name ${writes++}`}`
        await sleep(2)
      }
    })
    const before = writes
    const migrations = [...known, concurrentIndex, gadgets]
    expect(await migrateFleet(app.database, migrations, { parallel: 3 })).toMatchObject({
      done: schemas.length,
      failed: [],
    })
    expect(writes).toBeGreaterThan(before)
    isOver = true
    await Promise.all(writing)
    expect(await validIndexes('users_first_name')).toBe(schemas.length)
    expect(await fleetStatus(app.database, migrations)).toMatchObject({ current: schemas.length, behind: [] })
    // A new organisation has it too, made in its own transaction.
    await createTenant(app, migrations, newTenant('newcomer'), fromSystem)
    expect(await validIndexes('users_first_name')).toBe(schemas.length + 1)
  })

  test('that was cut off is invalid, and is made again', async () => {
    const [schema] = await createFleet('cut')
    const add = (id: string) =>
      sql`insert into ${sql(schema!)}.departments (id, name, created, updated) values (${id}, 'Same', now(), now())`
    await sql`drop index ${sql(schema!)}.departments_name`
    await add('00000000-0000-7000-8000-000000000001')
    await add('00000000-0000-7000-8000-000000000002')
    const migrations = [...known, gadgets, uniqueIndex, extraColumn]
    const { failed } = await migrateFleet(app.database, migrations, { parallel: 1 })
    const error = expect.stringMatching(`^${uniqueIndex.name}: .*departments_same`)
    expect(failed).toEqual([{ subdomain: 'cut', schema, error }])
    expect(await validIndexes('departments_same')).toBe(0)
    expect(await sql`select from pg_class where relname = 'departments_same'`).toHaveLength(1)
    // What came before it is done, and what comes after it is not.
    expect(await sql`select version from platform.schema_versions where schema = ${schema!}`).toEqual([
      { version: gadgets.name },
    ])
    await sql`delete from ${sql(schema!)}.departments where id = '00000000-0000-7000-8000-000000000002'`
    expect(await migrateFleet(app.database, migrations, { parallel: 1 })).toMatchObject({ done: 1, failed: [] })
    expect(await validIndexes('departments_same')).toBe(1)
    expect(await fleetStatus(app.database, migrations)).toMatchObject({ current: 1, behind: [] })
  })

  test('is made once when two programs do it at the same time, and can be dropped again', async () => {
    const schemas = await createFleet(...letters(6))
    const migrations = [...known, concurrentIndex]
    const runs = await Promise.all([1, 2].map(() => migrateFleet(app.database, migrations, { parallel: 2 })))
    for (const { failed } of runs) expect(failed).toEqual([])
    expect(await validIndexes('users_first_name')).toBe(schemas.length)
    const dropping = [...migrations, migration('tenant/9103_drop', 'drop index concurrently users_first_name')]
    expect(await migrateFleet(app.database, dropping, { parallel: 2 })).toMatchObject({ failed: [] })
    expect(await sql`select from pg_class where relname = 'users_first_name'`).toHaveLength(0)
  })
})

describe('a run over all organisations', () => {
  test('can be paused by anyone, and goes on where it stopped', async () => {
    await createFleet(...letters(12))
    const migrations = { platform, tenant: [...known, slow] }
    const id = await requestFleetMigration(app, fromSystem, migrations.tenant, { parallel: 1, batch: 3 }, true)
    const run = runOperation(app, migrations, id)
    await expect
      .poll(async () => (await fleetStatus(app.database, migrations.tenant)).current, waitLimit)
      .toBeGreaterThan(0)
    await stopFleetMigration(app, fromSystem, 'pause')
    expect(await lastFleetMigration(app)).toMatchObject({ is_running: true, is_stopping: true, outcome: null })
    const { state, result } = await run
    expect([state, result!.outcome]).toEqual(['done', 'paused'])
    const { current } = await fleetStatus(app.database, migrations.tenant)
    expect(current).toBeLessThan(12)
    expect(result!.done).toBe(current)

    const refused = await runCli(['migrate'], workbench.env)
    expect([refused.code, refused.errors]).toEqual([1, expect.stringContaining('tenantry migrate resume')])

    await expect(requestFleetMigration(app, fromSystem, known)).rejects.toThrow('another version')
    const resumed = await requestFleetMigration(app, fromSystem, migrations.tenant, {}, true)
    const rows = await sql`select input from platform.operations where id = ${resumed}`
    expect(rows[0]!.input).toMatchObject({ batch: 3, parallel: 1 })
    expect((await runOperation(app, migrations, resumed)).result).toMatchObject({
      outcome: 'completed',
      done: 12 - current,
      skipped: current,
    })
    expect(await stopFleetMigration(app, fromSystem, 'pause')).toBe(false)
    const late = await runCli(['migrate', 'pause'], workbench.env)
    expect([late.code, late.errors.trim()]).toEqual([1, 'No migration is under way.'])
  })

  test('that halts has failed, and says why', async () => {
    const schemas = await createFleet('aa', 'bb', 'cc')
    for (const schema of schemas) await spoil(schema)
    const tenant = [...known, namedDepartments]
    const id = await requestFleetMigration(app, fromSystem, tenant, { max_errors: 0, parallel: 1 }, true)
    await runOperation(app, { platform, tenant }, id)
    expect(await lastFleetMigration(app)).toMatchObject({
      outcome: 'halted',
      is_running: false,
      failed: 1,
      finished: 1,
      total: 3,
      error: 'Halted: More than 0 have failed.',
    })
  })

  test('that went over all but could not migrate one has failed, for everybody who looks', async () => {
    const [bad] = await createFleet('bad', 'good')
    await spoil(bad!)
    const tenant = [...known, namedDepartments]
    const id = await requestFleetMigration(app, fromSystem, tenant, { parallel: 1, canaries: [] }, true)
    const { state, result } = await runOperation(app, { platform, tenant }, id)
    expect([state, result]).toMatchObject(['failed', { outcome: 'failed', done: 1, failed: 1 }])
    expect(await lastFleetMigration(app)).toMatchObject({ outcome: 'failed', failed: 1, finished: 2, total: 2 })
    const listed = await runCli(['operation', 'list'], workbench.env)
    expect(listed.output).toMatch(/failed .*Not all organisations could be migrated\.$/m)
  })

  test('that halts says how many it has not touched, and a retry that others are still behind', async () => {
    const schemas = await createAt(known.slice(0, -1), ['aa', 'bb', 'cc'])
    const [, table, column] = /alter table "(\w+)" add column "(\w+)"/i.exec(known.at(-1)!.statements.join())!
    await sql`alter table ${sql(schemas[0]!)}.${sql(table!)} add ${sql(column!)} text`
    const failure = `${targetVersion(known)}: column "${column}" of relation "${table}" already exists`
    const halted = await runCli(['migrate', '--canary', 'aa'], workbench.env)
    expect([halted.code, halted.output.split('\n')]).toEqual([
      1,
      [
        `0 migrated, 0 already at ${targetVersion(known)}, 1 failed.`,
        `aa (schema ${schemas[0]}), ${failure}`,
        'Halted: One of the first organisations has failed.',
        '2 organisations were not touched. Mend what is named, then run: tenantry migrate',
        '',
      ],
    ])
    const status = await runCli(['migrate', 'status'], workbench.env)
    expect(status.output.split('\n')).toEqual([
      `0 at ${targetVersion(known)}, 3 behind.`,
      `aa: ${known.at(-2)!.name}, failed (schema ${schemas[0]}): ${failure}`,
      `bb: ${known.at(-2)!.name}, behind by 1 migration`,
      `cc: ${known.at(-2)!.name}, behind by 1 migration`,
      '',
    ])
    const again = await runCli(['migrate', 'retry', '--json'], workbench.env)
    expect([again.code, again.json]).toMatchObject([1, { outcome: 'failed', done: 0, behind: 2, halted: null }])
    await sql`alter table ${sql(schemas[0]!)}.${sql(table!)} drop ${sql(column!)}`
    const retried = await runCli(['migrate', 'retry'], workbench.env)
    expect([retried.code, retried.output.split('\n').slice(0, 2)]).toEqual([
      1,
      [
        `1 migrated, 0 already at ${targetVersion(known)}, 0 failed.`,
        '2 organisations are still behind. Run: tenantry migrate',
      ],
    ])
    expect((await runCli(['migrate'], workbench.env)).code).toBe(0)
  })

  test('is one, however many ask for it at once, and is not of two versions', async () => {
    await createFleet('one')
    const ids = await Promise.all(
      Array.from({ length: 4 }, () => requestFleetMigration(app, fromSystem, [...known, slow])),
    )
    expect(new Set(ids).size).toBe(1)
    await expect(requestFleetMigration(app, fromSystem, [...known, gadgets])).rejects.toThrow(
      'A migration to another version is under way.',
    )
    // A process of another version leaves it alone.
    const older = startOperations(app, { platform, tenant: known })
    older.wake()
    await sleep(300)
    await older.stop()
    expect(await sql`select state from platform.operations`).toEqual([{ state: 'queued' }])
  })

  test('that is killed leaves each organisation old or new, and the next run does the rest', async () => {
    const old = known.slice(0, -1)
    const last = known.at(-1)!
    const schemas = await createAt(old, letters(volume(16, 60)))
    // The last one cannot be migrated before the process is killed.
    const lock = await hold(
      sql,
      tx => tx`select from platform.schema_versions where schema = ${schemas.at(-1)!} for update`,
    )
    const cli = startCli(['migrate', '--json', '--batch', '4'], workbench.env)
    await expect.poll(async () => (await fleetStatus(app.database, known)).current, waitLimit).toBeGreaterThan(0)
    cli.kill()
    await cli.exited
    await lock.release()
    await expect
      .poll(
        () =>
          sql`select from pg_stat_activity where application_name = 'tenantry-migrate' and datname = current_database()`,
        waitLimit,
      )
      .toHaveLength(0)
    const rows =
      await sql`select t.schema, v.applied from platform.tenants t join platform.schema_versions v on v.schema = t.schema`
    for (const { schema, applied } of rows) {
      const isNew = (applied as string[]).some(entry => entry.startsWith(`${last.name} `))
      expect([schema, await hasAll(schema as string, last)]).toEqual([schema, isNew])
    }
    const again = await runCli(['migrate'], workbench.env)
    expect([again.code, again.output]).toEqual([0, expect.stringMatching(/^\d+ migrated, .*, 0 failed\.\n$/)])
    const waiting =
      'Another run is in progress, or was cut off. Waiting for it; one that was cut off goes on within 30 s.\n'
    expect(again.errors.slice(0, waiting.length)).toBe(waiting)
    expect(again.errors).toContain('\nThe other run was cut off. Going on with it.\n')
    expect(await fleetStatus(app.database, known)).toMatchObject({ current: rows.length, behind: [] })
  })

  test('by the command line can be paused and resumed from another one', async () => {
    const old = known.slice(0, -1)
    const [held] = await createAt(old, ['held'])
    const lock = await hold(sql, tx => tx`select from platform.schema_versions where schema = ${held!} for update`)
    const cli = startCli(['migrate', '--json'], workbench.env)
    await expect.poll(async () => (await lastFleetMigration(app))?.step ?? '', waitLimit).toContain('Migrating')
    expect((await runCli(['migrate', 'pause'], workbench.env)).code).toBe(0)
    const paused = await cli.exited
    await lock.release()
    expect([paused.code, paused.json.outcome]).toEqual([1, 'paused'])
    const retried = await runCli(['migrate', 'retry', '--json'], workbench.env)
    expect([retried.code, retried.errors]).toEqual([1, expect.stringContaining('tenantry migrate resume')])
    const resumed = await runCli(['migrate', 'resume', '--json'], workbench.env)
    expect([resumed.code, resumed.json.outcome, resumed.json.failed]).toEqual([0, 'completed', []])
    // The progress is on standard error, a line of JSON for each change.
    const lines = resumed.errors.trim().split('\n')
    expect(lines.map(line => JSON.parse(line).event)).toContain('progress')
    expect((await fleetStatus(app.database, known)).current).toBe(1)
    const again = await runCli(['migrate', 'retry', '--json'], workbench.env)
    expect(again.json).toMatchObject({ outcome: 'completed', done: 0, skipped: 0 })
  })
})

describe('a program of the version before', () => {
  test('starts on a database that is ahead, unless a migration breaks it', async () => {
    await createFleet('ahead')
    const newer = { ...migration('platform/9100_newer', 'create table newer ()'), needs: platform.at(-1)!.name }
    await bootstrapPlatform(app.database, [...platform, newer])
    await bootstrapPlatform(app.database, platform)
    const sets = { platform, tenant: known }
    await requireCompatible(app.database, sets)
    await migrateFleet(app.database, [...known, gadgets], { parallel: 1 })
    await requireCompatible(app.database, sets)
    const breaking = { ...migration('tenant/9104_breaking', 'drop table gadgets'), needs: 'tenant/9104_breaking' }
    await migrateFleet(app.database, [...known, gadgets, breaking], { parallel: 1 })
    await expect(requireCompatible(app.database, sets)).rejects.toThrow('needs tenant/9104_breaking')
    const refused = await runCli(['tenant', 'list'], workbench.env)
    expect([refused.code, refused.errors]).toEqual([1, expect.stringContaining('older than the database allows')])
    await sql`update platform.schema_versions set applied = array_remove(applied, ${`${newer.name} ${newer.checksum}`}), needed = '{}' where schema = 'platform'`
    await sql`drop table platform.newer`
  })

  test('creates an organisation that is migrated at the end of the run that goes on', async () => {
    await createFleet(...letters(4))
    const migrations = [...known, slow]
    const [report] = await Promise.all([
      migrateFleet(app.database, migrations, { parallel: 1 }),
      createTenant(app, known, newTenant('late'), fromSystem),
    ])
    expect(report.failed).toEqual([])
    expect(await fleetStatus(app.database, migrations)).toMatchObject({ current: 5, behind: [] })
  })

  test('creates an organisation after the run, which a newer process migrates soon', async () => {
    await createFleet('early')
    const migrations = [...known, slow]
    const { signal } = new AbortController()
    await migrateLatecomers(app, migrations, signal)
    expect((await fleetStatus(app.database, migrations)).current).toBe(0)
    const id = await requestFleetMigration(app, fromSystem, migrations, {}, true)
    await runOperation(app, { platform, tenant: migrations }, id)
    await createFleet('late')
    expect((await fleetStatus(app.database, migrations)).current).toBe(1)
    await migrateLatecomers(app, known, signal)
    expect((await fleetStatus(app.database, migrations)).current).toBe(1)
    await migrateLatecomers(app, migrations, signal)
    expect(await fleetStatus(app.database, migrations)).toMatchObject({ current: 2, behind: [] })
  })
})

describe('a command that only looks', () => {
  const words = [
    ['migrate', 'status'],
    ['migrate', '--dry-run'],
    ['migrate', 'plan'],
    ['report', '--sql', 'select 1'],
  ]

  test("leaves the platform's schema behind, and says so", async () => {
    await createFleet('one')
    await undoMigration(sql, 'platform', platform.at(-1)!)
    onTestFinished(() => bootstrapPlatform(app.database, platform))
    const columns = () =>
      sql`select table_name, column_name from information_schema.columns where table_schema = 'platform' order by 1, 2`
    const before = await columns()
    const { code, json } = await runCli(['doctor', '--json'], workbench.env)
    const checks = json.checks as Check[]
    expect([code, checks.find(({ name }) => name === 'platform schema')]).toEqual([
      1,
      {
        name: 'platform schema',
        found: platform.at(-2)!.name,
        problems: [
          `The schema platform lacks one migration, up to ${platform.at(-1)!.name}. Run: tenantry migrate`,
          expect.stringMatching(/^Checks that need it were left out: \d\.$/),
        ],
      },
    ])
    expect(checks.find(({ name }) => name === 'tenant versions')!.problems).toEqual([])
    for (const args of words) expect([args, (await runCli(args, workbench.env)).code]).toEqual([args, 0])
    expect(await columns()).toEqual(before)
  })

  test('creates nothing in an empty database', async () => {
    const env = { ...workbench.env, DATABASE_URL: await createTestDatabase() }
    const missing = 'The database has no schema platform yet. Run: tenantry migrate'
    const doctor = await runCli(['doctor', '--json'], env)
    const problems = (doctor.json.checks as Check[]).flatMap(({ problems }) => problems)
    expect([doctor.code, problems[0]]).toEqual([1, missing])
    const status = await runCli(['migrate', 'status'], env)
    expect([status.code, status.errors.trim()]).toEqual([1, missing])
    const other = postgres(env.DATABASE_URL, { max: 1 })
    onTestFinished(() => other.end())
    expect(await other`select nspname from pg_namespace where nspname in ('platform', 'pgboss')`).toEqual([])
  })
})

describe('the plan', () => {
  test('has what is pending: statements, locks, sizes and the largest organisations', async () => {
    const [large] = await createFleet('large', 'small')
    await addDepartments(large!, 3_000)
    for (const { schema } of await sql`select schema from platform.tenants`)
      await sql.unsafe(`vacuum analyze ${schema as string}.departments`)
    const plan = await planMigrations(app.database, { platform, tenant: [...known, namedDepartments, concurrentIndex] })
    expect(plan).toMatchObject({ target: concurrentIndex.name, tenants: 2, largest: [{ subdomain: 'large' }, {}] })
    expect(plan.migrations).toMatchObject([
      {
        name: namedDepartments.name,
        tenants: 2,
        is_concurrent: false,
        statements: [{ text: namedDepartments.statements[0], lock: 'ACCESS EXCLUSIVE' }],
        tables: [{ name: 'departments', rows: 3_000 }],
      },
      { name: concurrentIndex.name, is_concurrent: true, statements: [{ lock: 'SHARE UPDATE EXCLUSIVE' }] },
    ])
    expect(plan.largest[0]!.bytes).toBeGreaterThan(100_000)
    expect((await fleetStatus(app.database, known)).current).toBe(2)
  })

  test('is empty when nothing is pending, and changes nothing', async () => {
    await createFleet('current')
    const { code, json } = await runCli(['migrate', 'plan', '--json'], workbench.env)
    expect([code, json]).toEqual([
      0,
      { target: targetVersion(known), tenants: 0, largest: [], migrations: [], breaking: [] },
    ])
  })

  test('has real sizes, the rows of which there is an estimate, and no lock on what it makes itself', async () => {
    const [schema] = await createFleet('never-analysed')
    await addDepartments(schema!, 30)
    await sql.unsafe(`vacuum analyze ${schema!}.users`)
    const made = migration('tenant/9106_made', 'create table others (id uuid); alter table others add name text')
    const users = migration(
      'tenant/9107_users',
      'create index others_name on others (name); update users set role = role',
    )
    const both = [...known, made, users, namedDepartments]
    const { migrations } = await planMigrations(app.database, { platform, tenant: both })
    expect(migrations.map(({ statements }) => statements.map(({ lock }) => lock))).toEqual([
      [null, null],
      [null, 'ROW EXCLUSIVE'],
      ['ACCESS EXCLUSIVE'],
    ])
    const size = citusUrl ? sql`citus_total_relation_size` : sql`pg_total_relation_size`
    const bytes = async (table: string) =>
      Number((await sql`select ${size}(${`${schema!}.${table}`}::regclass) as bytes`)[0]!.bytes)
    expect(migrations.map(({ tables }) => tables)).toEqual([
      [],
      [{ name: 'users', rows: 1, bytes: await bytes('users') }],
      [{ name: 'departments', rows: null, bytes: await bytes('departments') }],
    ])
    // Where some have the table already, it is in use.
    await createFleet('later')
    await migrateFleet(app.database, [...known, made], { parallel: 1, subdomain: 'later' })
    const plan = await planMigrations(app.database, { platform, tenant: both })
    expect(plan.migrations[1]!.statements[0]).toMatchObject({ lock: 'SHARE' })
  })

  test('says whether the version before works with it', async () => {
    await createFleet('one')
    const named = { ...namedDepartments, needs: namedDepartments.name }
    const since = { ...extraColumn, needs: gadgets.name }
    const old = { ...slow, needs: known[0]!.name }
    const breaking = async (...tenant: Migration[]) =>
      (await planMigrations(app.database, { platform, tenant: [...known, ...tenant] })).breaking
    expect(await breaking(gadgets, old)).toEqual([])
    expect(await breaking(named, gadgets, since)).toEqual([named.name, since.name])
    // What it needs is older.
    await migrateFleet(app.database, [...known, gadgets], { parallel: 1 })
    expect(await breaking(gadgets, since)).toEqual([])
  })

  test('fits on a terminal', async () => {
    await createAt(known.slice(0, -2), ['one'])
    const { output } = await runCli(['migrate', 'plan'], workbench.env)
    const [sum, works, ...lines] = output.trim().split('\n')
    expect(sum).toBe(`1 organisation is behind ${targetVersion(known)}: 2 migrations.`)
    expect(works).toBe('The version before works with all of this.')
    expect(lines.filter(line => line.length > 100)).toEqual([])
    expect(output).toContain(`\n${known.at(-1)!.name}: 1 organisation\n`)
  })

  // Citus takes them on the machine that has the rows.
  test.skipIf(citusUrl)('names locks that PostgreSQL really takes', async () => {
    const [schema] = await createFleet('locks')
    const plan = await planMigrations(app.database, {
      platform,
      tenant: [...known, ...lockSamples.map((statement, i) => migration(`tenant/92${i + 10}_lock`, statement))],
    })
    for (const { statements } of plan.migrations) {
      const { text, lock } = statements[0]!
      const taken = await sql
        .begin(async tx => {
          await tx.unsafe(`set local search_path to ${schema!}`)
          await tx.unsafe(text)
          const rows = await tx`
            select distinct mode from pg_locks l join pg_class c on c.oid = l.relation join pg_namespace n on n.oid = c.relnamespace
            where l.pid = pg_backend_pid() and n.nspname = ${schema!} and c.relname in ('users', 'departments')`
          throw Object.assign(new Error('undone'), { modes: rows.map(({ mode }) => mode as string) })
        })
        .catch((error: { modes?: string[] }) => error.modes)
      const name = lock === null ? null : `${titled(lock)}Lock`
      if (name === null) expect([text, taken]).toEqual([text, []])
      else expect([text, taken]).toEqual([text, expect.arrayContaining([name])])
    }
  })
})

const lockSamples = [
  'create table others (id uuid)',
  'alter table users add column other text',
  'create index users_other on users (date_joined)',
  'alter table users add constraint users_other foreign key (department) references departments (id)',
  'alter table users alter column email set statistics 10',
  "update users set first_name = 'x'",
  "comment on table users is 'people'",
]

async function addDepartments(schema: string, count: number): Promise<void> {
  const now = new Date()
  const rows = Array.from({ length: count }, (_, i) => ({
    id: newId(),
    name: `Department ${i}`,
    created: now,
    updated: now,
  }))
  await sql`insert into ${sql(schema)}.departments ${sql(rows)}`
}

function titled(lock: string): string {
  return lock
    .split(' ')
    .map(word => word[0] + word.slice(1).toLowerCase())
    .join('')
}

const gadgets = migration('tenant/9001_gadgets', 'create table gadgets (id integer)')
const slow = migration('tenant/9004_slow', 'create table slow (); select pg_sleep(0.1)')
const extraColumn = migration('tenant/9105_extra', "alter table users add column extra text default 'new'")
const namedDepartments = migration(
  'tenant/9005_named_departments',
  "alter table departments add constraint departments_named check (name <> '')",
)
const concurrentIndex = migration(
  'tenant/9101_index',
  'create index concurrently users_first_name on users (search_fold(first_name))',
)
const uniqueIndex = migration(
  'tenant/9102_unique',
  'create unique index concurrently departments_same on departments (name)',
)

function migration(name: string, statements: string): Migration {
  return { name, statements: statements.split(';'), checksum: `checksum-of-${name}` }
}

async function createFleet(...subdomains: string[]): Promise<string[]> {
  return createAt(known, subdomains)
}

/** @returns the schemas of the new organisations, at a version */
async function createAt(migrations: Migration[], subdomains: string[]): Promise<string[]> {
  const schemas: string[] = []
  for (const subdomain of subdomains)
    schemas.push((await createTenant(app, migrations, newTenant(subdomain), fromSystem)).tenant.schema)
  return schemas
}

function newTenant(subdomain: string) {
  return {
    name: `${subdomain} Ltd`,
    subdomain,
    business_email: 'office@example.com',
    business_phone_number: '',
    admin_email: 'ann@example.com',
    admin_password: null,
  }
}

/** Subdomains in the order of the alphabet. */
function letters(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `fleet-${String(i).padStart(3, '0')}`)
}

/** Gives an organisation a row that `namedDepartments` refuses. */
async function spoil(schema: string): Promise<void> {
  await sql`insert into ${sql(schema)}.departments (id, name, created, updated) values (gen_random_uuid(), '', now(), now())`
}

async function validIndexes(name: string): Promise<number> {
  const rows =
    await sql`select count(*)::int as count from pg_index i join pg_class c on c.oid = i.indexrelid where c.relname = ${name} and i.indisvalid`
  return rows[0]!.count as number
}

/** Whether a schema has the tables and columns that a migration creates. */
async function hasAll(schema: string, { statements }: Migration): Promise<boolean> {
  const names = statements.flatMap(text => /(?:create table|add column) "(\w+)"/i.exec(text)?.[1] ?? [])
  expect(names).not.toEqual([])
  const rows = await sql`
    select tablename as name from pg_tables where schemaname = ${schema} and tablename in ${sql(names)}
    union select column_name from information_schema.columns where table_schema = ${schema} and column_name in ${sql(names)}`
  return rows.length === names.length
}
