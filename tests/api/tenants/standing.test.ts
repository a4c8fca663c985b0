import type postgres from 'postgres'
import type { TransactionSql } from 'postgres'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { RunningApp } from '#server/create-app.ts'
import { loadMigrations } from '#server/database/migrations/files.ts'
import { fleetStatus } from '#server/database/migrations/fleet-rows.ts'
import { migrateFleet } from '#server/database/migrations/fleet.ts'
import { fromSystem } from '#server/domain/context.ts'
import { checkPrivileges } from '#server/domain/platform/role-checks.ts'
import { checkStandings } from '#server/domain/platform/standing-checks.ts'
import { createTenant } from '#server/domain/tenants/create.ts'
import { cancelDeletion, purgeTenant, scheduleDeletion } from '#server/domain/tenants/lifecycle/deletion.ts'
import { endMaintenance, startMaintenance } from '#server/domain/tenants/lifecycle/maintenance.ts'
import { requireOpenTenant } from '#server/domain/tenants/lifecycle/standing.ts'
import { resumeTenant, suspendTenant } from '#server/domain/tenants/lifecycle/suspension.ts'
import { tenantRealmOf } from '#server/domain/tenants/origins.ts'
import { fillPool } from '#server/domain/tenants/pool.ts'
import type { TenantRow } from '#server/domain/tenants/tenants.ts'
import { requireTenant } from '#server/domain/tenants/tenants.ts'
import { changeTenant } from '#server/domain/tenants/update.ts'
import { citusUrl } from '../../support/citus/databases.ts'
import { closeTable, hold } from '../../support/database/hold.ts'
import { runCli, startCli, untilCliIsGone, untilCliWaits } from '../../support/process/cli.ts'
import type { Workbench } from '../../support/process/workbench.ts'
import { createWorkbench } from '../../support/process/workbench.ts'

/** A tenant's own schema says whether it is open. It says the same as the platform. */

const migrations = loadMigrations('.', 'tenant')
const before = migrations.filter(({ name }) => !/standing|support_operator/.test(name))

let workbench: Workbench
let app: RunningApp
let sql: postgres.Sql
let count = 0
let acme: TenantRow
let globex: TenantRow

beforeAll(async () => {
  workbench = await createWorkbench()
  ;({ app, sql } = workbench)
})
afterAll(() => workbench.close())
beforeEach(async () => {
  acme = await make(`acme-${++count}`)
  globex = await make(`globex-${count}`)
})

describe('the standing of a tenant', () => {
  test('is active when it is created, with and without a spare schema', async () => {
    expect(await fillPool(app, migrations, 1)).toMatchObject({ made: 1 })
    const [spare] = await sql`select schema from platform.spare_schemas`
    expect(await sql`select state from ${sql(spare!.schema as string)}.standing`).toEqual([])
    expect(await standings(await make(`pooled-${count}`))).toEqual(['active', 'active'])
    expect(await sql`select from platform.spare_schemas`).toHaveLength(0)
    expect(await standings(acme)).toEqual(['active', 'active'])
  })

  test('follows each change of its status, and no change of another tenant', async () => {
    const steps: [name: string, change: () => Promise<unknown>, standing: string][] = [
      ['suspend', () => suspendTenant(app, acme.id, 'Unpaid', fromSystem), 'suspended'],
      ['rename', () => changeTenant(app, acme.id, { subdomain: `moved-${count}` }, fromSystem), 'suspended'],
      ['close for maintenance', () => startMaintenance(app, acme.id, fromSystem), 'maintenance'],
      ['resume', () => resumeTenant(app, acme.id, fromSystem), 'maintenance'],
      ['end the maintenance', () => endMaintenance(app, acme.id, fromSystem), 'active'],
      ['schedule the deletion', () => scheduleDeletion(app, acme.id, null, fromSystem), 'deleting'],
      ['cancel it', () => cancelDeletion(app, acme.id, fromSystem), 'active'],
      ['purge', () => purgeTenant(app, acme.id, fromSystem, { held: true }), 'purging'],
    ]
    for (const [name, change, standing] of steps) {
      await change()
      expect([name, ...(await standings(acme))]).toEqual([name, standing, standing])
    }
    expect(await standings(globex)).toEqual(['active', 'active'])
  })

  test('is closed in a schema that is not a tenant’s yet', async () => {
    await sql`delete from ${sql(acme.schema)}.standing`
    const { realm } = tenantRealmOf(app, acme)
    await expect(requireOpenTenant(realm.db, tenantRealmOf(app, acme))).rejects.toMatchObject({ status: 404 })
    const open = tenantRealmOf(app, globex)
    await expect(requireOpenTenant(open.realm.db, open)).resolves.toBeUndefined()
    await sql`insert into ${sql(acme.schema)}.standing (state) values ('active')`
  })

  test.each([
    ['suspend', ['tenant', 'suspend'], [], 'active', 'suspended'],
    ['resume', ['tenant', 'resume'], [], 'suspended', 'active'],
    ['maintenance', ['tenant', 'maintenance'], ['on'], 'active', 'maintenance'],
    ['delete', ['tenant', 'delete'], ['--yes'], 'active', 'deleting'],
  ] as const)(
    'and its status change together, wherever the process is killed: %s',
    async (_verb, command, options, from, to) => {
      if (from === 'suspended') await suspendTenant(app, acme.id, null, fromSystem)
      const args = [...command, acme.subdomain, ...options]
      // Before the second of the two rows is written, and when both are.
      const places: ((tx: TransactionSql) => Promise<unknown>)[] = [
        tx => tx`lock table ${tx(acme.schema)}.standing in exclusive mode`,
        tx => closeTable(tx, acme.schema, 'audit_events'),
      ]
      for (const place of places) {
        const lock = await hold(sql, place)
        const cli = startCli(args, workbench.env)
        await untilCliWaits(sql)
        cli.kill()
        await lock.release()
        await cli.exited
        await untilCliIsGone(sql)
        expect(await standings(acme)).toEqual([from, from])
      }
      expect((await runCli(args, workbench.env)).code).toBe(0)
      expect(await standings(acme)).toEqual([to, to])
    },
  )
})

describe('a schema from before', () => {
  test('gets the standing of its tenant with the migration, and not before', async () => {
    const old = await makeOld('old')
    await suspendTenant(app, old.id, null, fromSystem)
    expect(await migrateFleet(app.database, migrations, { parallel: 1, subdomain: old.subdomain })).toMatchObject({
      done: 1,
      failed: [],
    })
    expect(await standings(old)).toEqual(['suspended', 'suspended'])
    expect(await standings(acme)).toEqual(['active', 'active'])
    expect((await fleetStatus(app.database, migrations)).behind).toEqual([])
  })

  test('is suspended during its migration', async () => {
    const old = await makeOld('busy')
    const lock = await hold(sql, tx => tx`lock table ${tx(old.schema)}.sessions in exclusive mode`)
    const migration = migrateFleet(app.database, migrations, { parallel: 1, subdomain: old.subdomain })
    await expect
      .poll(() => sql`select from pg_locks where not granted and relation = ${`${old.schema}.sessions`}::regclass`)
      .toHaveLength(1)
    const suspension = suspendTenant(app, old.id, null, fromSystem)
    await lock.release()
    expect(await migration).toMatchObject({ done: 1, failed: [] })
    await suspension
    expect(await standings(old)).toEqual(['suspended', 'suspended'])
  })

  // Citus has no triggers.
  test.skipIf(citusUrl)('has a trigger no more, and an audit log that nobody may change', async () => {
    const old = await makeOld('guarded')
    // As schemas were made before the migration was withdrawn.
    await sql`create function ${sql(old.schema)}.refuse_audit_tampering() returns trigger language plpgsql as 'begin raise exception ''no''; end'`
    await sql`create trigger audit_events_append_only before update or delete on ${sql(old.schema)}.audit_events for each statement execute function ${sql(old.schema)}.refuse_audit_tampering()`
    await migrateFleet(app.database, migrations, { parallel: 1, subdomain: old.subdomain })
    expect(await sql`select from pg_trigger t where not tgisinternal`).toHaveLength(0)
    await expect(sql`delete from ${sql(old.schema)}.audit_events`).rejects.toThrow('permission denied')
    expect((await checkPrivileges(app)).problems).toEqual([])
  })
})

describe('tenantry doctor', () => {
  test('finds a standing that differs from the status, and repairs it', async () => {
    await sql`update ${sql(acme.schema)}.standing set state = 'suspended'`
    await sql`delete from ${sql(globex.schema)}.standing`
    const problems = [
      `${acme.subdomain} is active, but its schema says suspended. Run: tenantry doctor --repair-standings`,
      `${globex.subdomain} is active, but its schema says nothing. Run: tenantry doctor --repair-standings`,
    ]
    const found = (await checkStandings(app)).problems
    expect(found.filter(problem => problems.includes(problem)).sort()).toEqual(problems)
    expect(await standings(acme)).toEqual(['active', 'suspended'])

    const { json } = await runCli(['doctor', '--repair-standings', '--json'], workbench.env)
    expect(json.repaired.sort()).toEqual([acme.subdomain, globex.subdomain])
    expect(json.checks.find(({ name }: { name: string }) => name === 'standings').problems).toEqual([])
    expect(await standings(acme)).toEqual(['active', 'active'])
    expect(await standings(globex)).toEqual(['active', 'active'])
  })

  test('names an organisation whose schema does not answer, and looks at the others', async () => {
    await sql`update ${sql(globex.schema)}.standing set state = 'suspended'`
    const lock = await hold(sql, tx => closeTable(tx, acme.schema, 'standing'))
    const { problems } = await checkStandings(app)
    await lock.release()
    expect(problems).toEqual([
      expect.stringContaining(`${acme.subdomain}'s schema does not answer: canceling statement`),
      expect.stringContaining(`${globex.subdomain} is active, but its schema says suspended.`),
    ])
    await sql`update ${sql(globex.schema)}.standing set state = 'active'`
    expect((await checkStandings(app)).problems).toEqual([])
  })

  test('finds an audit log that our role may change', async () => {
    const role = new URL(workbench.env.DATABASE_URL!).username
    await sql`grant update on ${sql(acme.schema)}.audit_events to ${sql(role)}`
    expect((await checkPrivileges(app)).problems).toEqual([
      `${role} can change the audit log of ${acme.schema}. Run: revoke update, delete, truncate on ${acme.schema}.audit_events from ${role}`,
    ])
    await sql`revoke update, delete, truncate on ${sql(acme.schema)}.audit_events from ${sql(role)}`
    expect((await checkPrivileges(app)).problems).toEqual([])
  })
})

/** @returns what the platform says, and what the tenant's schema says */
async function standings({ id, schema }: TenantRow): Promise<unknown[]> {
  const [row] = await sql`
    select case when maintenance_since is null then status else 'maintenance' end as standing from platform.tenants where id = ${id}`
  const [own] = await sql`select state from ${sql(schema)}.standing`
  return [row!.standing, own?.state]
}

/** A tenant whose schema is at the version before there was a standing. */
async function makeOld(subdomain: string): Promise<TenantRow> {
  const tenant = await make(`${subdomain}-${count}`, before)
  expect(await sql`select from pg_tables where schemaname = ${tenant.schema} and tablename = 'standing'`).toHaveLength(
    0,
  )
  return tenant
}

async function make(subdomain: string, known = migrations): Promise<TenantRow> {
  const tenant = {
    name: `${subdomain} Ltd`,
    subdomain,
    business_email: 'office@example.com',
    business_phone_number: '',
    admin_email: 'ann@example.com',
    admin_password: null,
  }
  await createTenant(app, known, tenant, fromSystem)
  return requireTenant(app, subdomain)
}
