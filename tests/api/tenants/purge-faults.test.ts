import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RunningApp } from '#server/create-app.ts'
import { loadMigrations } from '#server/database/migrations/files.ts'
import { fromSystem } from '#server/domain/context.ts'
import { examine } from '#server/domain/platform/doctor.ts'
import { createTenant } from '#server/domain/tenants/create.ts'
import { hold } from '../../support/database/hold.ts'
import { findViolations } from '../../support/faults/invariants.ts'
import { startCli, untilCliWaits } from '../../support/process/cli.ts'
import { waitLimit } from '../../support/process/wait-limit.ts'
import type { Workbench } from '../../support/process/workbench.ts'
import { createWorkbench } from '../../support/process/workbench.ts'
import { volume } from '../../support/volume.ts'

/** Without a server: only the command line continues what was interrupted. MIG-12 */
let workbench: Workbench
let app: RunningApp
let sql: postgres.Sql
let env: Record<string, string>

beforeAll(async () => {
  const uploads = await mkdtemp(join(tmpdir(), 'tenantry-uploads-'))
  workbench = await createWorkbench({ UPLOAD_DIR: uploads })
  env = workbench.env
  app = workbench.app
  sql = workbench.sql
})
afterAll(async () => {
  expect(await findViolations(sql)).toEqual([])
  await workbench.close()
  await rm(env.UPLOAD_DIR!, { recursive: true })
})

describe('a removal whose process is killed', () => {
  // Before its schema is dropped, and before its row is deleted.
  test.each(['schema_versions', 'tombstones'])(
    'where it reaches %s is found, and finished by the next run',
    async table => {
      const { id, schema, subdomain } = await makeTenant(`cut-at-${table.replaceAll('_', '-')}`)
      const lock = await hold(sql, tx => tx`lock table ${tx('platform')}.${tx(table)} in share row exclusive mode`)
      const killed = remove(subdomain)
      await untilCliWaits(sql)
      killed.kill()
      await killed.exited
      await lock.release()
      expect(await sql`select status from platform.tenants where id = ${id}`).toEqual([{ status: 'purging' }])

      await endLease('10 minutes', id)
      expect(await problems()).toContainEqual(
        expect.stringMatching(
          new RegExp(
            `^${subdomain} is being deleted, but no process is working on it.* Run: tenantry tenant delete ${subdomain} --now --yes$`,
          ),
        ),
      )
      expect(await remove(subdomain).exited).toMatchObject({ code: 0, json: { status: 'gone' } })
      await expectGone(id, schema)
    },
  )

  test('at a random moment is finished by the next run', async () => {
    await Promise.all(
      Array.from({ length: volume(2, 4) }, async (_, i) => {
        const { id, schema, subdomain } = await makeTenant(`random-${i}`)
        const killed = remove(subdomain)
        await isPurging(id)
        // The purge waits a second and a half until every process knows, then begins.
        await sleep(Math.random() * 2_500)
        killed.kill()
        await killed.exited
        await endLease('1 second', id)
        const next = await remove(subdomain).exited
        // Code 1: the first run had purged the tenant, and was killed before it could report that.
        if (next.code !== 0) expect(next.errors).toContain('Not found.')
        await expectGone(id, schema)
      }),
    )
    expect(await problems()).toEqual([])
  })

  test('and started a second time meanwhile is one removal, whose end both see', async () => {
    const { id, schema, subdomain } = await makeTenant('both')
    const outcomes = await Promise.all([remove(subdomain).exited, remove(subdomain).exited])
    expect(outcomes.some(({ code }) => code === 0)).toBe(true)
    for (const { code, errors } of outcomes) if (code !== 0) expect(errors).toContain('Not found.')
    expect(await sql`select count(*)::int as operations from platform.operations where tenant = ${id}`).toEqual([
      { operations: 1 },
    ])
    await expectGone(id, schema)
  })
})

function remove(subdomain: string) {
  return startCli(['tenant', 'delete', subdomain, '--now', '--yes', '--json'], env)
}

async function isPurging(id: string): Promise<void> {
  await expect
    .poll(
      () => sql`select from platform.operations where tenant = ${id} and kind = 'purge'`.then(rows => rows.length),
      waitLimit,
    )
    .toBe(1)
}

async function problems(): Promise<string[]> {
  return (
    await examine(app, { platform: loadMigrations('.', 'platform'), tenant: loadMigrations('.', 'tenant') })
  ).flatMap(check => check.problems)
}

/** Makes the process look dead for this long. */
async function endLease(ago: string, tenant: string): Promise<void> {
  await sql`update platform.operations set lease_until = now() - ${ago}::text::interval where tenant = ${tenant} and lease_until is not null and state in ('queued', 'running')`
}

async function makeTenant(subdomain: string) {
  const { tenant } = await createTenant(
    app,
    loadMigrations('.', 'tenant'),
    {
      name: subdomain,
      subdomain,
      business_email: 'office@example.com',
      business_phone_number: '',
      admin_email: 'ann@example.com',
      admin_password: null,
    },
    fromSystem,
  )
  await mkdir(join(env.UPLOAD_DIR!, tenant.schema))
  await writeFile(join(env.UPLOAD_DIR!, tenant.schema, 'x.webp'), 'x')
  return tenant
}

async function expectGone(id: string, schema: string): Promise<void> {
  expect(await sql`select 1 from platform.tenants where id = ${id}`).toEqual([])
  expect(await sql`select 1 from pg_namespace where nspname = ${schema}`).toEqual([])
  expect(await sql`select 1 from platform.schema_versions where schema = ${schema}`).toEqual([])
  expect(await sql`select tenant, schema from platform.tombstones where tenant = ${id}`).toEqual([
    { tenant: id, schema },
  ])
  expect(existsSync(join(env.UPLOAD_DIR!, schema))).toBe(false)
}
