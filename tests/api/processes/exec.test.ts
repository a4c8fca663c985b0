import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RunningApp } from '#server/create-app.ts'
import { loadMigrations } from '#server/database/migrations/files.ts'
import { queryFleet, readTargets } from '#server/database/migrations/fleet-query.ts'
import { fromSystem } from '#server/domain/context.ts'
import { createTenant } from '#server/domain/tenants/create.ts'
import type { TenantRow } from '#server/domain/tenants/tenants.ts'
import { runCli } from '../../support/process/cli.ts'
import type { Workbench } from '../../support/process/workbench.ts'
import { createWorkbench } from '../../support/process/workbench.ts'

let env: Record<string, string>
let workbench: Workbench
let app: RunningApp
let sql: postgres.Sql
let folder: string
let acme: TenantRow
let globex: TenantRow

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenantry-exec-'))
  workbench = await createWorkbench()
  env = workbench.env
  app = workbench.app
  sql = workbench.sql
  acme = await create('acme')
  globex = await create('globex')
})
afterAll(async () => {
  await workbench.close()
  await rm(folder, { recursive: true })
})

describe('tenant exec', () => {
  test('queries one organisation, or all', async () => {
    const one = await run('tenant', 'exec', 'acme', '--sql', 'select email from users', '--json')
    expect([one.code, one.json]).toEqual([
      0,
      {
        done: 1,
        failed: 0,
        answers: [{ subdomain: 'acme', rows: [{ email: 'ann@acme.test' }], count: 1, error: null }],
      },
    ])
    const all = await run('tenant', 'exec', '--all', '--sql', 'select email from users', '--json')
    expect(all.json.answers.map(({ rows }: { rows: unknown[] }) => rows)).toEqual([
      [{ email: 'ann@acme.test' }],
      [{ email: 'ann@globex.test' }],
    ])
  })

  test('only reads, unless it is told twice to write', async () => {
    const before = await state()
    for (const text of [
      'delete from departments',
      "update users set first_name = 'x'",
      'create table x (id int)',
      'drop table invitations',
      'set transaction read write',
      'with x as (delete from invitations returning id) select id from x',
    ]) {
      expect(await ask(text)).toMatchObject({ rows: [], error: expect.any(String) })
    }
    expect((await run('tenant', 'exec', 'acme', '--sql', 'delete from departments')).code).toBe(1)
    expect((await run('tenant', 'exec', 'acme', '--write', '--sql', 'delete from users')).code).toBe(2)
    expect(await state()).toEqual(before)
    const written = await run(
      'tenant',
      'exec',
      'acme',
      '--write',
      '--yes',
      '--sql',
      "update users set first_name = 'Written'",
      '--json',
    )
    expect([written.code, written.json.answers[0].count]).toEqual([0, 1])
    expect(await sql`select first_name from ${sql(acme.schema)}.users`).toEqual([{ first_name: 'Written' }])
    expect(await sql`select first_name from ${sql(globex.schema)}.users`).toEqual([{ first_name: '' }])
  })

  test('runs a script, whole or not at all', async () => {
    await script("update users set first_name = 'Once'; update users set last_name = 'Twice; '' $$ $s$'; -- the end")
    expect(
      (await run('tenant', 'exec', '--all', '--write', '--yes', '--file', join(folder, 'x.sql'), '--json')).json,
    ).toMatchObject({ done: 2, failed: 0 })
    expect(await sql`select first_name, last_name from ${sql(globex.schema)}.users`).toEqual([
      { first_name: 'Once', last_name: "Twice; ' $$ $s$" },
    ])
    expect(
      (await ask("update users set first_name = 'Half'; select nonsense", { isScript: true, write: true })).error,
    ).toContain('nonsense')
    expect(await sql`select first_name from ${sql(acme.schema)}.users`).toEqual([{ first_name: 'Once' }])
  })

  test.each([
    'select id from platform.tenants',
    'select email from "OTHER".users',
    "select query_to_xml('select email from \"OTHER\".users', true, true, '')",
    'select 1; select email from "OTHER".users',
    'commit',
    'rollback',
    'set role none; commit',
  ])('does not leave its schema by %j', async statement => {
    const answer = await ask(statement.replace('OTHER', globex.schema))
    expect(answer).toMatchObject({ rows: [], error: expect.any(String) })
    expect(JSON.stringify(answer)).not.toContain('ann@globex.test')
  })

  test.each([
    'update "OTHER".users set first_name = \'stolen\'',
    'drop schema "OTHER" cascade',
    'drop table "OTHER".invitations',
    'truncate "OTHER".invitations',
    'set local search_path to "OTHER"; update users set first_name = \'stolen\'',
    "update platform.tenants set name = 'stolen'",
    "update users set first_name = 'stolen'; commit; update \"OTHER\".users set first_name = 'stolen'",
    'do $$ begin update "OTHER".users set first_name = \'stolen\'; commit; end $$',
  ])('writes nothing anywhere by %j', async statement => {
    const before = await state()
    const text = statement.replaceAll('OTHER', globex.schema)
    expect((await ask(text, { isScript: true, write: true })).error).not.toBeNull()
    if (!statement.includes(';')) expect((await ask(text, { write: true })).error).not.toBeNull()
    expect(await state()).toEqual(before)
  })

  test("does not let what one organisation's run has set reach the next", async () => {
    const all = await readTargets(app.database)
    const query = { parallel: 1, write: true }
    await queryFleet(app.database, all, {
      ...query,
      text: "set session search_path to platform; set session statement_timeout = '7s'",
      isScript: true,
    })
    const answers = await queryFleet(app.database, all, {
      ...query,
      text: 'select current_schema() as schema',
      isScript: false,
    })
    expect(answers.map(({ rows }) => rows[0]!.schema)).toEqual([acme.schema, globex.schema])
  })

  test.each([
    [[]],
    [['acme']],
    [['acme', '--all', '--sql', 'select 1']],
    [['acme', '--sql', 'select 1', '--file', 'x']],
    [['acme', '--sql', 'select 1', '--parallel', '0']],
  ])('wants to be told what and where: %j is wrong usage', async args => {
    expect((await run('tenant', 'exec', ...args)).code).toBe(2)
  })

  test('reports an unknown organisation', async () => {
    expect((await run('tenant', 'exec', 'nobody', '--sql', 'select 1')).code).toBe(1)
  })

  test('is recorded before anything is run', async () => {
    await run('tenant', 'exec', 'acme', '--sql', 'select canary from nowhere')
    const [row] =
      await sql`select subject, details from platform.audit_events where action = 'tenants.queried' and details->>'sql' like '%canary%'`
    expect(row).toEqual({ subject: acme.id, details: { sql: 'select canary from nowhere', write: false, tenants: 1 } })
  })
})

describe('a report', () => {
  test('combines all answers in one table', async () => {
    const { code, json } = await run('report', '--sql', 'select email, role from users', '--json')
    expect([code, json]).toEqual([
      0,
      {
        rows: [
          { tenant: 'acme', email: 'ann@acme.test', role: 'Admin' },
          { tenant: 'globex', email: 'ann@globex.test', role: 'Admin' },
        ],
        failed: [],
      },
    ])
    const csv = await run('report', '--csv', '--sql', "select '=1+1' as formula, null as nothing")
    expect(csv.output).toBe("tenant,formula,nothing\r\nacme,'=1+1,\r\nglobex,'=1+1,\n")
    expect((await run('report', '--sql', 'select role from users')).output).toBe(
      'tenant  role\nacme    Admin\nglobex  Admin\n',
    )
  })

  test('continues when one organisation fails, and reports it', async () => {
    await sql`alter table ${sql(acme.schema)}.departments rename to gone`
    const { code, json, errors } = await run(
      'report',
      '--sql',
      'select count(*)::int as departments from departments',
      '--json',
    )
    await sql`alter table ${sql(acme.schema)}.gone rename to departments`
    expect([code, json.rows, json.failed]).toEqual([
      1,
      [{ tenant: 'globex', departments: 0 }],
      [{ tenant: 'acme', error: expect.stringContaining('departments') }],
    ])
    expect(errors).toContain('acme: ')
  })

  test('changes nothing, and is limited', async () => {
    const before = await state()
    expect((await run('report', '--sql', "update users set first_name = 'x' returning id")).code).toBe(1)
    expect((await ask('select generate_series(1, 100000)')).error).toBe('More than 10000 rows.')
    expect(await state()).toEqual(before)
  })
})

async function create(subdomain: string): Promise<TenantRow> {
  const input = {
    name: subdomain,
    subdomain,
    business_email: 'office@example.com',
    business_phone_number: '',
    admin_email: `ann@${subdomain}.test`,
    admin_password: null,
  }
  return (await createTenant(app, loadMigrations('.', 'tenant'), input, fromSystem)).tenant
}

/** Queries one organisation as the command does, but in this process. */
async function ask(text: string, options: { isScript?: boolean; write?: boolean } = {}) {
  const [answer] = await queryFleet(app.database, await readTargets(app.database, 'acme'), {
    text,
    isScript: false,
    write: false,
    parallel: 1,
    ...options,
  })
  return answer!
}

function script(statements: string): Promise<void> {
  return writeFile(join(folder, 'x.sql'), statements)
}

async function state() {
  return [
    await sql`select * from ${sql(acme.schema)}.users`,
    await sql`select * from ${sql(globex.schema)}.users`,
    await sql`select name, subdomain from platform.tenants order by 1`,
    await sql`select schemaname, tablename from pg_tables where schemaname ~ '^(t_|platform|public)' order by 1, 2`,
  ]
}

function run(...args: string[]) {
  return runCli(args, env)
}
