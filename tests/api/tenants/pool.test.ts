import { setTimeout as sleep } from 'node:timers/promises'
import type postgres from 'postgres'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { RunningApp } from '#server/create-app.ts'
import type { Migration } from '#server/database/migrations/files.ts'
import { loadMigrations } from '#server/database/migrations/files.ts'
import { fleetStatus } from '#server/database/migrations/fleet-rows.ts'
import { migrateFleet } from '#server/database/migrations/fleet.ts'
import { fromSystem } from '#server/domain/context.ts'
import { examine } from '#server/domain/platform/doctor.ts'
import { createTenant } from '#server/domain/tenants/create.ts'
import { drainPool, fillPool } from '#server/domain/tenants/pool.ts'
import { ApiError } from '#shared/errors.ts'
import { closeTable, hold } from '../../support/database/hold.ts'
import { startCli, untilCliIsGone, untilCliIsThere, untilCliWaits } from '../../support/process/cli.ts'
import { waitLimit } from '../../support/process/wait-limit.ts'
import type { Workbench } from '../../support/process/workbench.ts'
import { createWorkbench } from '../../support/process/workbench.ts'
import { volume } from '../../support/volume.ts'
import type { World } from '../../support/world.ts'
import { auth, createWorld } from '../../support/world.ts'

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
beforeEach(async () => {
  for (const { nspname } of await sql`select nspname from pg_namespace where nspname ~ '^t_'`)
    await sql`drop schema ${sql(nspname as string)} cascade`
  await sql`delete from platform.schema_versions where schema <> 'platform'`
  await sql`delete from platform.spare_schemas`
  await sql`delete from platform.tenants`
})

describe('the pool', () => {
  test('is filled to its size and no further, also by several at once', async () => {
    const reports = await Promise.all([1, 2, 3].map(() => fillPool(app, known, 4)))
    expect(reports.reduce((sum, { made }) => sum + made, 0)).toBe(4)
    expect(await fillPool(app, known, 4)).toEqual({ made: 0, dropped: 0 })
    await expectWhole({ tenants: 0, spares: 4 })
  })

  test('is filled after another process, however long that takes for a spare', async () => {
    const other = await hold(sql, tx => tx`select pg_advisory_xact_lock(7265004)`)
    const filling = fillPool(app, known, 1)
    // Longer than a statement may wait for a lock.
    await Promise.race([sleep(2_000), filling])
    await other.release()
    expect(await filling).toEqual({ made: 1, dropped: 0 })
  })

  test('gives each organisation its own schema, with its own name and key, and none twice', async () => {
    await fillPool(app, known, 3)
    const spares =
      await sql`select s.schema, n.oid from platform.spare_schemas s join pg_namespace n on n.nspname = s.schema`
    const created = await Promise.all(Array.from({ length: 6 }, (_, i) => createAt(`pooled${letter(i)}`)))
    await expectWhole({ tenants: 6, spares: 0 })
    const taken =
      await sql`select t.schema, t.subdomain, n.oid from platform.tenants t join pg_namespace n on n.nspname = t.schema where n.oid = any(${spares.map(({ oid }) => oid as number)})`
    expect(taken).toHaveLength(3)
    for (const { schema, subdomain } of taken) expect(schema).toMatch(new RegExp(`^t_${subdomain}_[a-z0-9]{6}$`))
    expect(new Set(created.map(({ tenant }) => tenant.schema)).size).toBe(6)
    const keys = await Promise.all(created.map(({ tenant }) => sql`select kid from ${sql(tenant.schema)}.signing_keys`))
    expect(new Set(keys.map(([key]) => key!.kid)).size).toBe(6)
  })

  test('that is empty does not prevent new organisations', async () => {
    await createAt('direct')
    await expectWhole({ tenants: 1, spares: 0 })
  })

  test('gets back the schema of a failed creation', async () => {
    await fillPool(app, known, 1)
    await createAt('first')
    await fillPool(app, known, 1)
    await expect(createTenant(app, known, { ...newTenant('second'), name: 'first Ltd' }, fromSystem)).rejects.toThrow()
    await expect(
      createTenant(app, known, { ...newTenant('third'), admin_password: 'short' }, fromSystem),
    ).rejects.toThrow()
    await expectWhole({ tenants: 1, spares: 1 })
  })

  test('is drained, except for a spare that is being claimed', async () => {
    await fillPool(app, known, 3)
    const lock = await hold(sql, tx => tx`select from platform.spare_schemas order by created limit 1 for update`)
    expect(await drainPool(app, known)).toBe(2)
    await lock.release()
    await expectWhole({ tenants: 0, spares: 1 })
    expect(await drainPool(app, known)).toBe(1)
    await expectWhole({ tenants: 0, spares: 0 })
  })

  test('is shown, filled and drained by the command line', async () => {
    expect((await startCli(['pool', 'fill', '--size', '2', '--json'], env).exited).json).toEqual({
      made: 2,
      dropped: 0,
    })
    const status = await startCli(['pool', 'status', '--json'], env).exited
    expect(status.json).toMatchObject({
      size: 3,
      ready: 2,
      spares: [{ is_current: true, version: known.at(-1)!.name }, { is_current: true }],
    })
    expect(
      (
        await startCli(
          [
            'tenant',
            'create',
            '--name',
            'By Hand',
            '--subdomain',
            'by-hand',
            '--email',
            'office@example.com',
            '--admin-email',
            'ann@example.com',
            '--json',
          ],
          env,
        ).exited
      ).code,
    ).toBe(0)
    await expectWhole({ tenants: 1, spares: 1 })
    expect((await startCli(['pool', 'drain', '--json'], env).exited).json).toEqual({ dropped: 1 })
    expect((await startCli(['pool', 'fill', '--size', 'x'], env).exited).code).toBe(2)
    await expectWhole({ tenants: 1, spares: 0 })
  })
})

describe('a process that is killed', () => {
  test('while it makes an organisation of a spare leaves both as they were, MIG-01', async () => {
    await fillPool(app, known, 2)
    // The process is stopped at these tables: before its tenant row, with the spare renamed, just before its end.
    for (const table of ['tenants', 'schema_versions', 'audit_events']) {
      const lock = await hold(sql, tx => closeTable(tx, 'platform', table))
      const creator = startCli(createArguments(`cut-at-${table.replaceAll('_', '-')}`), env, password)
      await untilCliWaits(sql)
      creator.kill()
      await lock.release()
      await creator.exited
      await untilCliIsGone(sql)
      await expectWhole({ tenants: 0, spares: 2 })
    }
  })

  test('at a random moment too', async () => {
    for (let round = 0; round < volume(1, 3); round++) {
      await fillPool(app, known, 2)
      const creators = [1, 2].map(i => startCli(createArguments(`random${letter(round)}${letter(i)}`), env, password))
      await untilCliIsThere(sql)
      await sleep(Math.random() * 600)
      for (const creator of creators) creator.kill()
      await Promise.all(creators.map(({ exited }) => exited))
      await untilCliIsGone(sql)
      const [row] =
        await sql`select (select count(*)::int from platform.tenants) as tenants, (select count(*)::int from platform.spare_schemas) as spares`
      await expectWhole(row as { tenants: number; spares: number })
    }
  })

  test('while it fills the pool leaves no incomplete spare', async () => {
    const lock = await hold(sql, tx => tx`lock table platform.schema_versions in access exclusive mode`)
    const filler = startCli(['pool', 'fill', '--size', '2'], env)
    await untilCliWaits(sql)
    filler.kill()
    await lock.release()
    await filler.exited
    await untilCliIsGone(sql)
    await expectWhole({ tenants: 0, spares: 0 })
    expect(await fillPool(app, known, 2)).toEqual({ made: 2, dropped: 0 })
  })
})

describe('migrating', () => {
  test('migrates the spares too, so that they can be used afterwards', async () => {
    await createAt('before')
    await fillPool(app, known, 2)
    const migrations = [...known, gadgets]
    expect(await migrateFleet(app.database, migrations, { parallel: 2 })).toMatchObject({ done: 1, failed: [] })
    expect(await sql`select count(*)::int as tables from pg_tables where tablename = 'gadgets'`).toEqual([
      { tables: 3 },
    ])
    await createTenant(app, migrations, newTenant('after'), fromSystem)
    expect(await sql`select count(*)::int as spares from platform.spare_schemas`).toEqual([{ spares: 1 }])
    expect(await fleetStatus(app.database, migrations)).toEqual({ target: gadgets.name, current: 2, behind: [] })
  })

  test('drops a spare that cannot be migrated', async () => {
    await fillPool(app, known, 2)
    const [spare] = await sql`select schema from platform.spare_schemas limit 1`
    await sql`create table ${sql(spare!.schema as string)}.gadgets ()`
    expect(await migrateFleet(app.database, [...known, gadgets], { parallel: 1 })).toMatchObject({ failed: [] })
    expect(await sql`select count(*)::int as spares from platform.spare_schemas`).toEqual([{ spares: 1 }])
    expect(await sql`select from pg_namespace where nspname = ${spare!.schema as string}`).toEqual([])
  })

  test('as a dry run, or of one tenant alone, leaves the spares', async () => {
    await createAt('alone')
    await fillPool(app, known, 1)
    await migrateFleet(app.database, [...known, gadgets], { parallel: 1, dryRun: true })
    await migrateFleet(app.database, [...known, gadgets], { parallel: 1, subdomain: 'alone' })
    expect(await sql`select count(*)::int as tables from pg_tables where tablename = 'gadgets'`).toEqual([
      { tables: 1 },
    ])
  })

  test('while organisations are created of spares migrates all and damages none, MIG-05', async () => {
    await Promise.all(Array.from({ length: 4 }, (_, i) => createAt(`old${letter(i)}`)))
    await fillPool(app, known, 4)
    const migrations = [...known, slow]
    const [report] = await Promise.all([
      migrateFleet(app.database, migrations, { parallel: 2 }),
      ...Array.from({ length: 5 }, async (_, i) => {
        await sleep(i * 40)
        await createAtLast(migrations, `new${letter(i)}`)
      }),
    ])
    expect(report.failed).toEqual([])
    expect(await fleetStatus(app.database, migrations)).toEqual({ target: slow.name, current: 9, behind: [] })
    const tables = await sql`select count(*)::int as tables from pg_tables where tablename = 'slow'`
    const spares = await sql`select count(*)::int as spares from platform.spare_schemas`
    expect(tables[0]!.tables).toBe(9 + (spares[0]!.spares as number))
  })

  test('by a newer program: an older one takes the new spares, unless a migration breaks it', async () => {
    const newer = [...known, gadgets]
    const spares = async () => (await sql`select from platform.spare_schemas`).length
    await fillPool(app, newer, 2)
    await createAt('older')
    expect(await spares()).toBe(1)
    expect(await sql`select count(*)::int as tables from pg_tables where tablename = 'gadgets'`).toEqual([
      { tables: 2 },
    ])
    expect(await fillPool(app, known, 1)).toEqual({ made: 0, dropped: 0 })
    const breaking = [...newer, { ...slow, name: 'tenant/9007_breaking', needs: 'tenant/9007_breaking' }]
    expect(await fillPool(app, breaking, 2)).toEqual({ made: 2, dropped: 1 })
    await createAt('oldest')
    expect(await spares()).toBe(2)
    expect(await fillPool(app, known, 1)).toEqual({ made: 1, dropped: 0 })
    // The other way round: the old spare is useless for the newer program.
    expect(await fillPool(app, breaking, 2)).toEqual({ made: 0, dropped: 1 })
  })
})

describe('tenantry doctor', () => {
  test('recognises spares, and finds one that was changed or is missing', async () => {
    await fillPool(app, known, 3)
    await expectWhole({ tenants: 0, spares: 3 })
    const [touched, gone] = await sql`select schema from platform.spare_schemas order by schema`
    await sql`drop table ${sql(touched!.schema as string)}.invitations`
    await sql`drop schema ${sql(gone!.schema as string)} cascade`
    const problems = (await examine(app, { platform, tenant: known })).flatMap(check => check.problems)
    expect(problems.sort()).toEqual([
      `A spare has no schema ${gone!.schema}. Run: tenantry pool drain`,
      `A spare lacks the table ${touched!.schema}.invitations.`,
    ])
  })
})

describe('a running server', () => {
  let world: World
  beforeAll(async () => {
    world = await createWorld({ POOL_SIZE: '2', SIGNUP: 'open' })
  })
  afterAll(() => world.stop())

  test('fills the pool, and fills it again when a spare was taken, here or by the command line', async () => {
    const {
      db,
      tables: { spare_schemas: spares },
    } = world.app.database.platform
    const isFull = () => expect.poll(() => db.$count(spares), waitLimit).toBe(2)
    await isFull()
    const before = await db.select({ schema: spares.schema }).from(spares)
    const created = await createTenant(world.app, known, newTenant('pooled'), fromSystem)
    await expect
      .poll(
        async () =>
          (await db.select({ schema: spares.schema }).from(spares)).filter(
            ({ schema }) => !before.some(spare => spare.schema === schema),
          ).length,
        waitLimit,
      )
      .toBe(1)
    await isFull()
    expect(created.tenant.schema).toMatch(/^t_pooled_/)
    const refused = await world.call('pooled.localhost', `${auth}/jwt/create/`, {
      body: { email: 'ann@example.com', password },
    })
    expect(refused.status).toBe(401)
  })
})

const gadgets = migration('tenant/9001_gadgets', 'create table gadgets (id integer)')
const slow = migration('tenant/9004_slow', 'create table slow (); select pg_sleep(0.05)')

function migration(name: string, statements: string): Migration {
  return { name, statements: statements.split(';'), checksum: `checksum-of-${name}` }
}

const createAt = (subdomain: string) => createTenant(app, known, newTenant(subdomain), fromSystem)

/** Tries again when the database is busy, as a client does. */
async function createAtLast(migrations: Migration[], subdomain: string): Promise<void> {
  for (;;) {
    try {
      return void (await createTenant(app, migrations, newTenant(subdomain), fromSystem))
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 503)) throw error
    }
  }
}

function newTenant(subdomain: string) {
  return {
    name: `${subdomain} Ltd`,
    subdomain,
    business_email: 'office@example.com',
    business_phone_number: '',
    admin_email: 'ann@example.com',
    admin_password: null as string | null,
  }
}

function letter(i: number): string {
  return 'abcdefgh'[i]!
}

/**
 * Every tenant and every spare has a complete schema, every tenant has its key and Admin, no spare has, and there is
 * no other schema.
 */
async function expectWhole(count: { tenants: number; spares: number }): Promise<void> {
  for (const check of await examine(app, { platform, tenant: known })) expect(check.problems).toEqual([])
  const tenants = await sql`select schema from platform.tenants`
  const spares = await sql`select schema from platform.spare_schemas`
  expect({ tenants: tenants.length, spares: spares.length }).toEqual(count)
  const all = count.tenants + count.spares
  expect(await sql`select count(*)::int as schemas from pg_namespace where nspname ~ '^t_'`).toEqual([{ schemas: all }])
  expect(await sql`select count(*)::int as versions from platform.schema_versions where schema <> 'platform'`).toEqual([
    { versions: all },
  ])
  const counts = (schema: unknown) =>
    sql`select (select count(*)::int from ${sql(schema as string)}.users where role = 'Admin') as admins, (select count(*)::int from ${sql(schema as string)}.signing_keys) as keys`
  for (const { schema } of tenants) expect(await counts(schema)).toEqual([{ admins: 1, keys: 1 }])
  for (const { schema } of spares) expect(await counts(schema)).toEqual([{ admins: 0, keys: 0 }])
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
