import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type postgres from 'postgres'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { loadConfig } from '#server/config.ts'
import type { RunningApp } from '#server/create-app.ts'
import { createApp } from '#server/create-app.ts'
import type { Migration } from '#server/database/migrations/files.ts'
import { loadMigrations, targetVersion } from '#server/database/migrations/files.ts'
import { fleetStatus } from '#server/database/migrations/fleet-rows.ts'
import { migrateFleet } from '#server/database/migrations/fleet.ts'
import { bootstrapPlatform } from '#server/database/migrations/runner.ts'
import { fromSystem } from '#server/domain/context.ts'
import { examine } from '#server/domain/platform/doctor.ts'
import { createTenant } from '#server/domain/tenants/create.ts'
import { requireTenantDetails } from '#server/domain/tenants/details.ts'
import { createLogger } from '#server/logger.ts'
import type { ApiError } from '#shared/errors.ts'
import { newTenantSchema } from '#shared/schemas/tenants.ts'
import { closeTable, hold } from '../../support/database/hold.ts'
import { inLanes } from '../../support/lanes.ts'
import type { Outcome } from '../../support/process/cli.ts'
import {
  runCli as runCliWith,
  startCli as startCliWith,
  untilCliIsGone,
  untilCliIsThere,
  untilCliWaits,
} from '../../support/process/cli.ts'
import type { Workbench } from '../../support/process/workbench.ts'
import { createWorkbench } from '../../support/process/workbench.ts'
import { volume } from '../../support/volume.ts'
import { createTestDatabase } from '../../support/world.ts'

const known = loadMigrations('.', 'tenant')
const platform = loadMigrations('.', 'platform')
const password = 'violet harbour at dawn'

let workbench: Workbench
let app: RunningApp
let sql: postgres.Sql
let env: Record<string, string>

beforeAll(async () => {
  workbench = await createWorkbench({}, 60_000)
  env = workbench.env
  app = workbench.app
  sql = workbench.sql
})
afterAll(async () => {
  await workbench.close()
})
beforeEach(removeTenants)

describe('an organisation that is created', () => {
  test('exists completely or not at all, wherever its process was killed, MIG-01', async () => {
    // The process is stopped at these tables: before its tenant row, after its schema's tables, just before its end.
    for (const table of ['tenants', 'schema_versions', 'audit_events']) {
      const lock = await hold(sql, tx => closeTable(tx, 'platform', table))
      const creator = startCli(createArguments(`cut-at-${table.replaceAll('_', '-')}`), password)
      await untilCliWaits(sql)
      creator.kill()
      await lock.release()
      await creator.exited
      await untilCliIsGone(sql)
    }
    await expectWhole(0)
  })

  test('at a random moment too', async () => {
    const outcomes = await inPairs(
      Array.from({ length: volume(4, 8) }, (_, i) => async () => {
        const creator = startCli(createArguments(`random-${i}`), password)
        await untilCliIsThere(sql)
        await sleep(Math.random() * 600)
        creator.kill()
        return creator.exited
      }),
    )
    await untilCliIsGone(sql)
    const reported = outcomes.filter(({ code }) => code === 0).length
    const [row] = await sql`select count(*)::int as tenants from platform.tenants`
    // A process may have been killed between its commit and its report, but not the other way round.
    expect(row!.tenants).toBeGreaterThanOrEqual(reported)
    await expectWhole(row!.tenants as number)
    // The names are free again.
    for (let i = 0; i < 4; i++) await createTenantAt(`random-${i}`).catch(expectTaken)
    expect(
      await sql`select count(*)::int as tenants from platform.tenants where subdomain in ('random-0', 'random-1', 'random-2', 'random-3')`,
    ).toEqual([{ tenants: 4 }])
  })

  test('twice at once under one name is created once', async () => {
    const results = await Promise.all([1, 2].map(() => startCli(createArguments('contested'), password).exited))
    expect(results.map(({ code }) => code).sort()).toEqual([0, 1])
    expect(results.find(({ code }) => code === 1)!.errors).toMatch(/This subdomain is taken|already exists/)
    await expectWhole(1)
  })

  test('twice at once under two names is created twice, also in an empty database', async () => {
    const empty = { ...env, DATABASE_URL: await createTestDatabase() }
    const results = await Promise.all(
      ['first', 'second'].map(name => startCli(createArguments(name), password, empty).exited),
    )
    expect(results.map(({ code, errors }) => [code, errors])).toEqual([
      [0, ''],
      [0, ''],
    ])
    const doctor = await runCli(['doctor', '--json'], empty)
    expect([doctor.code, doctor.json.ok]).toEqual([0, true])
  })

  test.each([
    ['a quote and a comment', "O'Brien'; drop schema platform cascade; --"],
    ['double quotes', 'The "Best" Ltd"; create table public.owned (); --'],
    ['dollar quotes and a backslash', "$$;$1 \\' %s {0} ${x}"],
    ['markup and letters of the world', '<script>alert(1)</script> Ωmega 株式会社 🏢'],
  ])('may have %s in its name, which is not interpreted', async (_, name) => {
    const { tenant } = await createTenant(
      app,
      known,
      { ...newTenantSchema.parse({ ...newTenant('named'), name }), admin_password: password },
      fromSystem,
    )
    expect(tenant.schema).toMatch(/^t_named_[a-z0-9]{6}$/)
    expect(await requireTenantDetails(app, 'named')).toMatchObject({
      name,
      schema: tenant.schema,
      status: 'active',
      is_active: true,
      version: targetVersion(known),
    })
    expect(await sql`select count(*)::int as tables from pg_tables where schemaname = 'public'`).toEqual([
      { tables: 0 },
    ])
    await expectWhole(1)
  })

  const noLabels = [
    'acme"; drop schema platform cascade; --',
    't_acme',
    'pg_catalog',
    'information_schema',
    '-a',
    'a-',
    'a.b',
    'ac\0me',
    'Ωmega',
    'x'.repeat(64),
  ]

  test.each(noLabels)('cannot have the subdomain %j, for any caller', async subdomain => {
    await expect(createTenantAt(subdomain)).rejects.toThrow()
    await expectWhole(0)
  })

  test.each([...noLabels, 'a', 'xn--acme', 'public', 'PLATFORM', 'www', 'console', 'x'.repeat(41)])(
    'cannot ask for the subdomain %j',
    subdomain => {
      expect(newTenantSchema.safeParse({ ...newTenant(subdomain), name: 'Acme' }).success).toBe(false)
    },
  )

  test('is created and shown by the command line, which keeps the name unchanged', async () => {
    const name = 'O\'Brien\'; "Ωmega"'
    const created = await runCli(
      [
        'tenant',
        'create',
        '--name',
        name,
        '--subdomain',
        'named',
        '--email',
        'office@example.com',
        '--admin-email',
        'ann@example.com',
        '--password-stdin',
        '--json',
      ],
      env,
      password,
    )
    expect([created.code, created.json.name]).toEqual([0, name])
    expect((await runCli(['tenant', 'show', 'named', '--json'])).json).toMatchObject({
      name,
      schema: created.json.schema,
      subdomain: 'named',
      status: 'active',
      version: targetVersion(known),
    })
  })

  test('is not created by the command line with an invalid or reserved name', async () => {
    const results = await inPairs(
      ['acme"; drop schema platform cascade; --', 'platform'].map(
        subdomain => () => startCli(createArguments(subdomain), password).exited,
      ),
    )
    for (const { code, errors } of results) expect([code, errors]).toEqual([1, expect.stringMatching(/^subdomain: /)])
    await expectWhole(0)
  })
})

describe('migrating all organisations', () => {
  test('brings each to the newest version, and a second run finds nothing to do', async () => {
    await createFleet('one', 'two', 'three')
    expect(await migrateFleet(app.database, [...known, gadgets], { parallel: 2 })).toEqual({
      target: gadgets.name,
      done: 3,
      failed: [],
      skipped: 0,
      interrupted: false,
      halted: null,
    })
    expect(await tenantsWith('gadgets')).toEqual(['one', 'three', 'two'])
    expect(await migrateFleet(app.database, [...known, gadgets], { parallel: 2 })).toMatchObject({
      done: 0,
      skipped: 3,
      failed: [],
    })
    expect(await fleetStatus(app.database, [...known, gadgets])).toEqual({
      target: gadgets.name,
      current: 3,
      behind: [],
    })
    expect(await sql`select count(*)::int as tables from pg_tables where schemaname = 'public'`).toEqual([
      { tables: 0 },
    ])
  })

  test('continues after one that fails, leaves that one unchanged, reports it, and the next run does the rest, MIG-04', async () => {
    const [, bad] = await createFleet('good-one', 'bad-one', 'good-two')
    await sql`insert into ${sql(bad!)}.departments (id, name, created, updated) values (gen_random_uuid(), '', now(), now())`
    const migrations = [...known, gadgets, namedDepartments]
    const report = await migrateFleet(app.database, migrations, { parallel: 2 })
    expect(report).toMatchObject({ target: namedDepartments.name, done: 2, skipped: 0, interrupted: false })
    expect(report.failed).toEqual([
      { subdomain: 'bad-one', schema: bad, error: expect.stringContaining('departments_named') },
    ])
    // Completely old: without the migration before the failing one too.
    expect(await tenantsWith('gadgets')).toEqual(['good-one', 'good-two'])
    expect(await fleetStatus(app.database, migrations)).toEqual({
      target: namedDepartments.name,
      current: 2,
      behind: [
        {
          subdomain: 'bad-one',
          schema: bad,
          version: targetVersion(known),
          state: 'failed',
          pending: 2,
          error: expect.stringContaining('departments_named'),
        },
      ],
    })

    expect(await migrateFleet(app.database, migrations, { parallel: 2 })).toMatchObject({
      done: 0,
      skipped: 2,
      failed: [{ subdomain: 'bad-one' }],
    })
    await sql`delete from ${sql(bad!)}.departments`
    expect(await migrateFleet(app.database, migrations, { parallel: 2 })).toMatchObject({
      done: 1,
      skipped: 2,
      failed: [],
    })
    expect(await fleetStatus(app.database, migrations)).toEqual({
      target: namedDepartments.name,
      current: 3,
      behind: [],
    })
    expect(await sql`select state, error from platform.schema_versions where schema = ${bad!}`).toEqual([
      { state: 'migrated', error: null },
    ])
  })

  test('by the command line ends with 1 when one fails, and names it', async () => {
    const [broken] = await createFleet('broken', 'sound')
    await sql`update platform.schema_versions set applied = array[${`${known[0]!.name} 0000`}] where schema = ${broken!}`
    const migrated = await runCli(['migrate', '--json'])
    expect(migrated.code).toBe(1)
    expect(migrated.json).toMatchObject({
      target: targetVersion(known),
      done: 0,
      skipped: 1,
      failed: [{ subdomain: 'broken', error: expect.stringContaining('was edited') }],
    })
    const status = await runCli(['migrate', 'status', '--json'])
    expect([status.code, status.json.current, status.json.behind]).toEqual([
      0,
      1,
      [expect.objectContaining({ subdomain: 'broken', state: 'failed' })],
    ])
    const doctor = await runCli(['doctor', '--json'])
    expect([doctor.code, doctor.json.ok]).toEqual([1, false])
  })

  test('refuses a migration that was edited after it had been applied, MIG-13', async () => {
    await createFleet('one', 'two')
    const edited = [
      { ...known[0]!, checksum: known[0]!.checksum.replace(/^./, digit => (digit === 'f' ? '0' : 'f')) },
      ...known.slice(1),
      gadgets,
    ]
    const report = await migrateFleet(app.database, edited, { parallel: 2 })
    expect([report.done, report.failed.map(({ subdomain }) => subdomain)]).toEqual([0, ['one', 'two']])
    expect(report.failed[0]!.error).toContain(`${known[0]!.name} was edited`)
    expect(await tenantsWith('gadgets')).toEqual([])
    await expect(
      bootstrapPlatform(app.database, [{ ...platform[0]!, checksum: 'edited' }, ...platform.slice(1)]),
    ).rejects.toThrow('was edited')
  })

  test('leaves a schema that is newer than the program, and refuses one that breaks it', async () => {
    await createFleet('newer')
    await migrateFleet(app.database, [...known, gadgets], { parallel: 1 })
    expect(await migrateFleet(app.database, known, { parallel: 1 })).toMatchObject({ done: 0, skipped: 1, failed: [] })
    await migrateFleet(app.database, [...known, gadgets, breaking], { parallel: 1 })
    expect(await migrateFleet(app.database, known, { parallel: 1 })).toMatchObject({
      done: 0,
      skipped: 0,
      failed: [{ subdomain: 'newer', error: expect.stringContaining('older than the database allows') }],
    })
  })

  test('applies one that was merged late from another branch', async () => {
    await createFleet('branched')
    await migrateFleet(app.database, [...known, widgets], { parallel: 1 })
    const merged = [...known, gadgets, widgets]
    expect(await fleetStatus(app.database, merged)).toMatchObject({ current: 0, behind: [{ subdomain: 'branched' }] })
    expect(await migrateFleet(app.database, merged, { parallel: 1 })).toMatchObject({
      target: widgets.name,
      done: 1,
      failed: [],
    })
    expect(await tenantsWith('gadgets')).toEqual(['branched'])
    expect(await fleetStatus(app.database, merged)).toEqual({ target: widgets.name, current: 1, behind: [] })
    // The applied migrations, in the order in which they were applied.
    const [row] = await sql`select applied from platform.schema_versions where schema like 't_branched_%'`
    expect((row!.applied as string[]).map(entry => entry.split(' ')[0]).slice(-2)).toEqual([widgets.name, gadgets.name])
  })

  test('by two at once does each organisation once, and neither fails', async () => {
    await createFleet(...Array.from({ length: 12 }, (_, i) => `fleet-${i}`))
    const other = await createApp(loadConfig(env), createLogger('silent'), { size: 4, statementTimeout: 60_000 })
    const reports = await Promise.all(
      [app, other].map(each => migrateFleet(each.database, [...known, gadgets, counting], { parallel: 3 })),
    )
    await other.close()
    for (const report of reports) {
      expect(report.failed).toEqual([])
      expect(report.done + report.skipped).toBe(12)
    }
    expect(await tenantsWith('gadgets')).toHaveLength(12)
    for (const { schema } of await sql`select schema from platform.tenants`) {
      expect(await sql`select count(*)::int as runs from ${sql(schema as string)}.gadgets`).toEqual([{ runs: 1 }])
    }
  })

  test('by two command lines at once works too', async () => {
    await createFleet('left', 'right')
    const results = await Promise.all([1, 2].map(() => runCli(['migrate', '--json'])))
    for (const { code, json } of results) expect([code, json.done, json.skipped]).toEqual([0, 0, 2])
  })

  test('includes organisations that were created meanwhile, MIG-05', async () => {
    await createFleet(...Array.from({ length: 8 }, (_, i) => `before-${i}`))
    const migrations = [...known, slow]
    const [report] = await Promise.all([
      migrateFleet(app.database, migrations, { parallel: 2 }),
      ...Array.from({ length: 4 }, async (_, i) => {
        await sleep(i * 40)
        await createTenant(app, migrations, newTenant(`meanwhile-${i}`), fromSystem)
      }),
    ])
    expect(report.failed).toEqual([])
    expect(await fleetStatus(app.database, migrations)).toEqual({ target: slow.name, current: 12, behind: [] })
    expect(await tenantsWith('slow')).toHaveLength(12)
  })

  test('as a dry run changes nothing, MIG-11', async () => {
    await createFleet('looked-at')
    const before = await everything()
    expect(await migrateFleet(app.database, [...known, gadgets], { parallel: 2, dryRun: true })).toEqual({
      target: gadgets.name,
      done: 1,
      failed: [],
      skipped: 0,
      interrupted: false,
      halted: null,
    })
    expect(
      await migrateFleet(app.database, [{ ...known[0]!, checksum: 'edited' }, ...known.slice(1)], {
        parallel: 2,
        dryRun: true,
      }),
    ).toMatchObject({ done: 0, failed: [{ subdomain: 'looked-at' }] })
    expect((await runCli(['migrate', '--dry-run', '--json'])).json).toMatchObject({ done: 0, skipped: 1 })
    expect(await everything()).toEqual(before)
  })

  test('can be limited to one', async () => {
    await createFleet('this', 'that')
    expect(await migrateFleet(app.database, [...known, gadgets], { parallel: 2, subdomain: 'this' })).toMatchObject({
      done: 1,
      skipped: 0,
    })
    expect(await tenantsWith('gadgets')).toEqual(['this'])
    const absent = await runCli(['migrate', '--tenant', 'absent', '--json'])
    expect([absent.code, absent.errors.trim()]).toEqual([1, 'Not found.'])
  })

  test('that is interrupted stops between two organisations, and the next run does the rest', async () => {
    await createFleet(...Array.from({ length: 6 }, (_, i) => `queue-${i}`))
    const stop = new AbortController()
    const first = await migrateFleet(app.database, [...known, gadgets], {
      parallel: 1,
      signal: stop.signal,
      onProgress: finished => finished === 2 && stop.abort(),
    })
    expect(first).toMatchObject({ done: 2, skipped: 0, failed: [], interrupted: true })
    expect(await migrateFleet(app.database, [...known, gadgets], { parallel: 1 })).toMatchObject({
      done: 4,
      skipped: 2,
      failed: [],
      interrupted: false,
    })
  })

  test('with its connections cut repeatedly leaves each completely old or completely new, MIG-02 and MIG-10', async () => {
    await createFleet(...Array.from({ length: 10 }, (_, i) => `cut-${i}`))
    const migrations = [...known, gadgets, slow]
    let cutting = true
    const cuts = (async () => {
      while (cutting) {
        await sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'tenantry' and state = 'active' and datname = current_database()`
        await sleep(60)
      }
    })()
    for (let run = 0; run < 3; run++) {
      const { done, skipped, failed } = await migrateFleet(app.database, migrations, {
        parallel: 2,
        attempts: 2,
      }).catch(() => ({
        done: 0,
        skipped: 10,
        failed: [],
      }))
      expect(done + skipped + failed.length).toBe(10)
    }
    cutting = false
    await cuts
    expect(await tenantsWith('gadgets')).toEqual(await tenantsWith('slow'))
    await expect.poll(() => migrateFleet(app.database, migrations, { parallel: 2 })).toMatchObject({ failed: [] })
    expect(await fleetStatus(app.database, migrations)).toEqual({ target: slow.name, current: 10, behind: [] })
    expect(await tenantsWith('slow')).toHaveLength(10)
  })

  test('reports an unexpected error when everything that has begun is finished', async () => {
    await createFleet(...Array.from({ length: 4 }, (_, i) => `begun-${i}`))
    let isFirst = true
    const onProgress = () => {
      if (!isFirst) return
      isFirst = false
      throw new Error('Nobody expected this.')
    }
    const migrations = [...known, gadgets, slow]
    await expect(migrateFleet(app.database, migrations, { parallel: 2, onProgress })).rejects.toThrow('Nobody')
    expect((await fleetStatus(app.database, migrations)).current).toBe(1)
    expect(await tenantsWith('gadgets')).toEqual(await tenantsWith('slow'))
  })
})

describe('tenantry doctor', () => {
  test('finds what was dropped, created or moved by hand, MIG-07', async () => {
    const [schema] = await createFleet('touched', 'untouched')
    await sql`drop table ${sql(schema!)}.invitations`
    await sql`create table ${sql(schema!)}.notes ()`
    await sql`create schema t_orphan_000000`
    onTestFinished(() => sql`drop schema if exists t_orphan_000000`.then(() => {}))
    const { code, json } = await runCli(['doctor', '--json'])
    expect(code).toBe(1)
    const problems = (json.checks as { problems: string[] }[]).flatMap(check => check.problems)
    expect(problems).toEqual(
      expect.arrayContaining([
        'Schema t_orphan_000000 belongs to no organisation. If you do not need it, run: tenantry doctor --remove-orphans',
        `touched lacks the table ${schema}.invitations.`,
        `touched has an unknown table: ${schema}.notes.`,
      ]),
    )
    expect(problems.some(problem => problem.includes('untouched'))).toBe(false)
  })

  test('sums up who is behind, and looks for no table that other migrations create', async () => {
    for (const name of ['e5', 'd4', 'c3', 'b2', 'a1'])
      await createTenant(app, known.slice(0, -2), newTenant(name), fromSystem)
    await createFleet('newer')
    await migrateFleet(app.database, [...known, gadgets], { parallel: 1, subdomain: 'newer' })
    await sql`update platform.schema_versions set state = 'failed', error = 'no room' where schema like 't\\_e5\\_%'`
    const [{ schema }] = await sql<[{ schema: string }]>`select schema from platform.tenants where subdomain = 'e5'`
    const checks = await examine(app, { platform, tenant: known })
    expect(checks.flatMap(({ problems }) => problems)).toEqual([
      `e5 (schema ${schema}) is at ${known.at(-3)!.name} and could not be migrated: no room. Mend that, then run: tenantry migrate retry`,
      `4 organisations are behind ${targetVersion(known)}: a1, b2, c3 and 1 other. Run: tenantry migrate`,
    ])
    expect(checks.find(({ name }) => name === 'operators')!.found).toBe('none yet')
  })

  test('finds a missing schema and a wrong SECRET', async () => {
    const [gone] = await createFleet('gone', 'here')
    await sql`drop schema ${sql(gone!)} cascade`
    const { json } = await runCli(['doctor', '--json'], { ...env, SECRET: randomBytes(32).toString('base64url') })
    const problems = (json.checks as { problems: string[] }[]).flatMap(check => check.problems)
    expect(problems).toContain(
      `gone has no schema ${gone}. Restore it from a backup, or run: tenantry tenant delete gone --now --yes`,
    )
    const lost = problems.filter(problem => problem.includes('SECRET'))
    expect(lost).toEqual([
      expect.stringContaining("here's signing key cannot be decrypted"),
      expect.stringMatching('^here: 1 value cannot be decrypted'),
    ])
  })
})

const gadgets = migration('tenant/9001_gadgets', 'create table gadgets (id integer)')
const breaking = { ...migration('tenant/9006_breaking', 'drop table gadgets'), needs: 'tenant/9006_breaking' }
const widgets = migration('tenant/9002_widgets', 'create table widgets (id integer)')
const counting = migration('tenant/9003_counting', 'insert into gadgets values (1)')
const slow = migration('tenant/9004_slow', 'create table slow (); select pg_sleep(0.05)')
const namedDepartments = migration(
  'tenant/9005_named_departments',
  "alter table departments add constraint departments_named check (name <> '')",
)

function migration(name: string, statements: string): Migration {
  return { name, statements: statements.split(';'), checksum: `checksum-of-${name}` }
}

/** @returns the schemas of the new tenants, in order */
async function createFleet(...subdomains: string[]): Promise<string[]> {
  // Each soon has a slot, also on a slow machine.
  const created = await inLanes(2, subdomains, createTenantAt)
  return created.map(({ tenant }) => tenant.schema)
}

const createTenantAt = (subdomain: string) => createTenant(app, known, newTenant(subdomain), fromSystem)

function expectTaken(error: unknown): void {
  expect(JSON.stringify((error as ApiError).body)).toMatch(/taken|already exists/)
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

async function removeTenants(): Promise<void> {
  for (const { nspname } of await sql`select nspname from pg_namespace where nspname ~ '^t_'`)
    await sql`drop schema ${sql(nspname as string)} cascade`
  await sql`delete from platform.schema_versions where schema <> 'platform'`
  await sql`delete from platform.tenants`
}

/** Subdomains of the tenants whose schema has a table of this name. */
async function tenantsWith(table: string): Promise<string[]> {
  const rows =
    await sql`select subdomain from platform.tenants join pg_tables on schemaname = schema where tablename = ${table} order by subdomain`
  return rows.map(({ subdomain }) => subdomain as string)
}

/** Every tenant has its schema, tables, key, Admin and version, and every schema has a tenant. */
async function expectWhole(count: number): Promise<void> {
  for (const check of await examine(app, { platform, tenant: known })) expect(check.problems).toEqual([])
  const tenants = await sql`select schema from platform.tenants`
  expect(tenants).toHaveLength(count)
  expect(await sql`select count(*)::int as schemas from pg_namespace where nspname ~ '^t_'`).toEqual([
    { schemas: count },
  ])
  expect(await sql`select count(*)::int as versions from platform.schema_versions where schema <> 'platform'`).toEqual([
    { versions: count },
  ])
  for (const { schema } of tenants) {
    expect(
      await sql`select (select count(*)::int from ${sql(schema as string)}.users where role = 'Admin') as admins, (select count(*)::int from ${sql(schema as string)}.signing_keys) as keys`,
    ).toEqual([{ admins: 1, keys: 1 }])
  }
}

async function everything() {
  return [
    await sql`select * from platform.schema_versions order by schema`,
    await sql`select table_schema, table_name, column_name from information_schema.columns where table_schema like 't\_%' or table_schema in ('platform', 'public') order by 1, 2, 3`,
  ]
}

function createArguments(subdomain: string): string[] {
  return [
    'tenant',
    'create',
    '--name',
    `${subdomain} Ltd`,
    '--subdomain',
    subdomain,
    '--email',
    'office@example.com',
    '--admin-email',
    'ann@example.com',
    '--password-stdin',
    '--json',
  ]
}

function startCli(args: string[], input = '', settings = env) {
  return startCliWith(args, settings, input)
}

function runCli(args: string[], settings = env, input = ''): Promise<Outcome> {
  return runCliWith(args, settings, input)
}

/** Runs two at a time. */
async function inPairs<T>(work: (() => Promise<T>)[]): Promise<T[]> {
  const results: T[] = []
  for (let i = 0; i < work.length; i += 2)
    results.push(...(await Promise.all(work.slice(i, i + 2).map(each => each()))))
  return results
}
