import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadMigrations } from '#server/database/migrations/files.ts'
import { runOperation } from '#server/domain/operations/runner.ts'
import { checkArchiveSchedules, lastTurn, queueScheduledArchive } from '#server/domain/platform/archive-schedules.ts'
import { runCli } from '../../support/process/cli.ts'
import type { Workbench } from '../../support/process/workbench.ts'
import { createWorkbench } from '../../support/process/workbench.ts'

const migrations = { platform: loadMigrations('.', 'platform'), tenant: loadMigrations('.', 'tenant') }
const day = 86_400_000

let folder: string
let workbench: Workbench
const ids: Record<string, string> = {}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenantry-schedules-'))
  workbench = await createWorkbench({ ARCHIVE_DIR: folder })
  for (const subdomain of ['acme', 'globex']) {
    const args = ['tenant', 'create', '--name', subdomain, '--subdomain', subdomain, '--email', 'a@example.com']
    const { code, errors, json } = await runCli([...args, '--admin-email', 'a@example.com', '--json'], workbench.env)
    expect([code, errors]).toEqual([0, ''])
    ids[subdomain] = json.id
  }
})
afterAll(async () => {
  await workbench.close()
  await rm(folder, { recursive: true })
})

test('an organisation is due once in each period, at its own minute and day', () => {
  const now = new Date('2026-03-04T05:06:07Z')
  const daily = lastTurn(ids.acme!, { every: 'day', hour: 3 }, now)
  expect(daily).toBeLessThanOrEqual(now.getTime())
  expect(daily).toBeGreaterThan(now.getTime() - day)
  expect(new Date(daily).getUTCHours()).toBe(3)
  const weekly = lastTurn(ids.acme!, { every: 'week', hour: 23 }, now)
  expect(weekly).toBeGreaterThan(now.getTime() - 7 * day)
  expect(new Date(weekly).getUTCHours()).toBe(23)
  expect(lastTurn(ids.acme!, { every: 'week', hour: 23 }, new Date(weekly + 7 * day - 1))).toBe(weekly)
  expect(lastTurn(ids.acme!, { every: 'week', hour: 23 }, new Date(weekly + 7 * day))).toBe(weekly + 7 * day)
})

test('archives are queued when they are due, one at a time, and not twice', async () => {
  const queue = (days: number) => queueScheduledArchive(workbench.app, new Date(Date.now() + days * day))
  const open = () =>
    workbench.sql`select id, tenant from platform.operations where kind = 'export' and state = 'queued'`
  await queue(2)
  expect(await open()).toEqual([])
  for (const subdomain of ['acme', 'globex'])
    expect((await runCli(['tenant', 'archive-schedule', subdomain, 'daily'], workbench.env)).code).toBe(0)
  await queue(0)
  expect(await open()).toEqual([])
  const seen: string[] = []
  for (let i = 0; i < 2; i++) {
    await queue(2)
    await queue(2)
    const [operation, ...others] = await open()
    expect(others).toEqual([])
    seen.push(operation!.tenant)
    expect((await runOperation(workbench.app, migrations, operation!.id)).state).toBe('done')
  }
  expect(seen.sort()).toEqual(Object.values(ids).sort())
  await queue(2)
  expect(await open()).toEqual([])
  expect((await readdir(folder)).map(name => name.split('-')[0]).sort()).toEqual(['acme', 'globex'])

  await workbench.sql`update platform.tenants set status = 'suspended' where id = ${ids.acme!}`
  await workbench.sql`update platform.tenants set status = 'purging' where id = ${ids.globex!}`
  await queue(4)
  const [operation] = await open()
  expect(operation!.tenant).toBe(ids.acme)
  await runOperation(workbench.app, migrations, operation!.id)
  await queue(4)
  expect(await open()).toEqual([])
  await workbench.sql`update platform.tenants set status = 'active'`
})

test('an organisation that is busy does not keep the others from theirs', async () => {
  const [busy] = await workbench.sql`
    insert into platform.operations (id, kind, tenant, input, created, state) values (${crypto.randomUUID()}, 'clone', ${ids.acme!}, '{}', now(), 'queued') returning id`
  await queueScheduledArchive(workbench.app, new Date(Date.now() + 20 * day))
  expect(
    await workbench.sql`select tenant from platform.operations where kind = 'export' and state = 'queued'`,
  ).toEqual([{ tenant: ids.globex }])
  await workbench.sql`delete from platform.operations where id = ${busy!.id} or state = 'queued'`
})

test('schedules are listed, recorded and switched off, and a wrong one is refused', async () => {
  const { json } = await runCli(
    ['tenant', 'archive-schedule', 'acme', 'weekly', '--hour', '23', '--json'],
    workbench.env,
  )
  expect(json).toMatchObject([
    { subdomain: 'acme', every: 'week', hour: 23, queued_at: null },
    { subdomain: 'globex', every: 'day', hour: 2 },
  ])
  for (const args of [['acme'], ['acme', 'hourly'], ['acme', 'daily', '--hour', '24'], ['acme', 'constructor']])
    expect([args, (await runCli(['tenant', 'archive-schedule', ...args], workbench.env)).code]).toEqual([args, 2])
  expect((await runCli(['tenant', 'archive-schedule', 'nobody', 'daily'], workbench.env)).code).toBe(1)
  await runCli(['tenant', 'archive-schedule', 'acme', 'off'], workbench.env)
  const listed = await runCli(['tenant', 'archive-schedule'], workbench.env)
  expect(listed.output).toMatch(/^globex {2}each day {2}from 02:00 UTC {2}last /)
  const events =
    await workbench.sql`select details from platform.audit_events where action = 'tenant.archive_schedule_changed' and subject = ${ids.acme!} order by created`
  expect(events.map(({ details }) => details)).toEqual([
    { every: 'day', hour: 2 },
    { every: 'week', hour: 23 },
    { every: null },
  ])
})

test('the doctor names an organisation whose archives have stopped, and why', async () => {
  expect((await checkArchiveSchedules(workbench.app)).problems).toEqual([])
  await workbench.sql`update platform.archive_schedules set changed = now() - interval '9 days'`
  expect((await checkArchiveSchedules(workbench.app)).problems).toEqual([])
  await workbench.sql`update platform.operations set finished_at = finished_at - interval '3 days'`
  await workbench.sql`
    insert into platform.operations (id, kind, tenant, input, created, state, error, finished_at)
    values (${crypto.randomUUID()}, 'export', ${ids.globex!}, '{}', now(), 'failed', 'The disk is full.', now())`
  expect((await checkArchiveSchedules(workbench.app)).problems).toEqual([
    expect.stringMatching(/^globex has had no archive since .* The last attempt failed: The disk is full\. Run: /),
  ])
})
