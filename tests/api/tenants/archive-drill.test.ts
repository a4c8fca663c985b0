import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Manifest } from '#server/domain/archives/format.ts'
import { requireArchive } from '#server/domain/archives/store.ts'
import { forgeArchive, rowsOf } from '../../support/data/archives.ts'
import { hold } from '../../support/database/hold.ts'
import { countWaiting } from '../../support/database/waiting.ts'
import { runCli, startCli } from '../../support/process/cli.ts'
import { waitLimit } from '../../support/process/wait-limit.ts'
import type { World } from '../../support/world.ts'
import { addPerson, api, createWorld, signInAs } from '../../support/world.ts'
import postgres from 'postgres'

let folder: string
let world: World
let sql: postgres.Sql
let archive: string
let manifest: Manifest

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenantry-drill-'))
  world = await createWorld({ ARCHIVE_DIR: join(folder, 'archives'), UPLOAD_DIR: join(folder, 'uploads') })
  sql = postgres(world.env.DATABASE_URL!, { max: 3, onnotice: () => {} })
  archive = (await runCli(['tenant', 'export', 'acme', '--json'], world.env)).json.archive
  await runCli(['tenant', 'export', 'globex'], world.env)
  const open = await requireArchive(world.app, archive)
  manifest = open.manifest
  await open.close()
})
afterAll(async () => {
  await sql.end()
  await world.stop()
  await rm(folder, { recursive: true })
})

const drill = (...args: string[]) => runCli(['archive', 'drill', ...args, '--json'], world.env)

test('a drill restores every table of the newest archive as it was archived, and leaves nothing', async () => {
  const before = await traces()
  const { code, json } = await drill('acme')
  expect([code, json.archive, json.passed]).toEqual([0, archive, true])
  expect(json.tables.map(({ name, rows }: { name: string; rows: number }) => [name, rows]).sort()).toEqual(
    manifest.tables.map(({ name, rows }) => [name, rows]).sort(),
  )
  expect(json.tables.find(({ name }: { name: string }) => name === 'users').rows).toBe(2)
  expect(await traces()).toEqual(before)
  const text = await runCli(['archive', 'drill', join(folder, 'archives', archive)], world.env)
  expect([text.code, text.output]).toEqual([0, expect.stringMatching(/^ok {4}users {2}2 rows$/m)])
})

test('the time zone of a connection makes no difference', async () => {
  const name = new URL(world.env.DATABASE_URL!).pathname.slice(1)
  for (const zone of ['Asia/Kolkata', 'America/New_York']) {
    await sql.unsafe(`alter database "${name}" set timezone to '${zone}'`)
    expect((await drill('acme')).json).toMatchObject({ passed: true })
  }
  await sql.unsafe(`alter database "${name}" reset timezone`)
})

test('what changed in the organisation since then is told from what has no explanation', async () => {
  const clean = await drill('acme', '--live', 'acme')
  for (const { name, live } of clean.json.tables)
    expect([name, live]).toEqual([name, expect.objectContaining({ removed: 0, unexplained: 0 })])
  const late = await addPerson(world, world.acme, 'late@example.com')
  const { access: token } = await signInAs(world.acme, world.acme.admin)
  const path = `${api}/auth/users/${world.acme.staff.id}/`
  expect((await world.acme.call(path, { method: 'PATCH', token, body: { first_name: 'Changed' } })).status).toBe(200)
  const changed = await drill('acme', '--live', 'acme')
  expect(changed.json.passed).toBe(true)
  const usersOf = ({ json }: typeof changed) => json.tables.find(({ name }: { name: string }) => name === 'users').live
  expect(usersOf(changed)).toEqual({ same: 0, changed: 2, added: 1, removed: 0, unexplained: 0 })

  await sql`delete from ${sql(world.acme.schema)}.audit_events where subject = ${world.acme.staff.id}`.catch(() => {})
  await sql`update ${sql(world.acme.schema)}.users set employee_id = 'E-1' where id = ${world.globex.staff.id}`
  await sql`delete from ${sql(world.acme.schema)}.users where id = ${late.id}`
  // Nobody recorded that.
  await sql`insert into ${sql(world.acme.schema)}.users (id, email, date_joined) values (${crypto.randomUUID()}, 'quiet@example.com', '2020-01-01')`
  expect(usersOf(await drill('acme', '--live', 'acme'))).toMatchObject({ added: 1, unexplained: 1 })
  const foreign = usersOf(await drill('acme', '--live', 'globex'))
  expect(foreign).toMatchObject({ same: 0, removed: 2 })
})

test('rows that the database stores differently than they are archived fail the drill', async () => {
  const forged = join(folder, 'forged.tar')
  const settings = { name: 'settings', columns: ['id'], lines: 'true\n' }
  const { tables: _tables, files: _files, ...rest } = manifest
  await writeFile(forged, forgeArchive(rest, [settings], [], world.env.SECRET!))
  const { code, json } = await drill(forged)
  expect([code, json.passed, json.tables]).toEqual([1, false, [{ name: 'settings', rows: 1, matches: false }]])
})

test('a drill that is killed leaves nothing', async () => {
  const before = await traces()
  const lock = await hold(sql, tx => tx`lock table ${tx(world.acme.schema)}.users in access exclusive mode`)
  const child = startCli(['archive', 'drill', 'acme', '--live', 'acme'], world.env)
  await expect.poll(() => countWaiting(sql, 'tenantry-archive'), waitLimit).toBe(1)
  child.kill()
  await child.exited
  await lock.release()
  const there = () =>
    sql`select from pg_stat_activity where application_name = 'tenantry-archive' and datname = current_database()`
  await expect.poll(async () => (await there()).length, waitLimit).toBe(0)
  expect(await traces()).toEqual(before)
  expect((await runCli(['doctor'], world.env)).output).not.toMatch(/drill|left over/)
})

test('what is no archive, or of another installation, is refused', async () => {
  expect((await drill('nobody')).code).toBe(2)
  expect((await drill(join(folder, 'none.tar'))).errors).toMatch('There is no file')
  const other = { ...world.env, SECRET: 'another secret of at least 32 bytes' }
  const refused = await runCli(['archive', 'drill', archive, '--json'], other)
  expect([refused.code, refused.errors]).toEqual([1, expect.stringMatching(/another SECRET/)])
  expect((await runCli(['archive', 'drill', archive, '--foreign', '--json'], other)).json.passed).toBe(true)
})

/** Everything that a drill might leave. */
async function traces() {
  return {
    schemas: await sql`select nspname from pg_namespace where nspname ~ '^t_' order by 1`,
    versions: await sql`select schema from platform.schema_versions order by 1`,
    tenants: await sql`select subdomain from platform.tenants order by 1`,
    operations: await sql`select id from platform.operations order by 1`,
    files: (await readdir(folder, { recursive: true })).filter(name => name !== 'uploads').sort(),
    globex: await rowsOf(sql, world.globex.schema),
  }
}
