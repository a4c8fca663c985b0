import postgres from 'postgres'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { loadMigrations } from '#server/database/migrations/files.ts'
import { fromSystem } from '#server/domain/context.ts'
import { requestFleetMigration } from '#server/domain/migrations/runs.ts'
import { runOperation } from '#server/domain/operations/runner.ts'
import { undoMigration } from '../../support/database/undo-migration.ts'
import { call } from '../../support/http.ts'
import type { SecondServer } from '../../support/process/second-server.ts'
import { startBeside } from '../../support/process/second-server.ts'
import type { LogLine } from '../../support/process/server.ts'
import { freePort } from '../../support/process/server.ts'
import { waitLimit } from '../../support/process/wait-limit.ts'
import type { World } from '../../support/world.ts'
import { auth, createWorld } from '../../support/world.ts'

const migrations = { platform: loadMigrations('.', 'platform'), tenant: loadMigrations('.', 'tenant') }
const last = migrations.tenant.at(-1)!

let world: World
let sql: postgres.Sql
/** One that has not looked up any host before the test. */
let server: SecondServer | undefined
beforeAll(async () => {
  world = await createWorld()
  sql = postgres(world.env.DATABASE_URL!, { max: 1, onnotice: () => {} })
})
afterAll(async () => {
  await sql.end()
  await world.stop()
})
beforeEach(migrateAll)
afterEach(async () => {
  await server?.stop()
  server = undefined
})

test('an organisation that the version before has created meanwhile is migrated when somebody asks for it', async () => {
  const { acme, globex } = world
  server = await startBeside(world)
  await undoMigration(sql, acme.schema, last)
  await sql`update platform.tenants set created = now() where id = ${acme.id}`
  expect(await signIn(acme)).toMatchObject({
    status: 503,
    headers: { 'retry-after': '5' },
    json: { detail: 'This organisation is being updated, try again in a moment.', code: 'unavailable' },
  })
  expect((await signIn(globex)).status).toBe(200)
  await expect.poll(async () => (await signIn(acme)).status, waitLimit).toBe(200)
  expect(logged('tenant_behind')).toEqual([expect.objectContaining({ level: 'warn', tenant: 'acme' })])
  expect(logged('request_failed')).toEqual([])
})

test('one that the migration has left out is answered 503, whatever is asked, until it is migrated', async () => {
  const { acme, globex } = world
  server = await startBeside(world)
  await undoMigration(sql, acme.schema, last)
  const page = await server.at(acme, '/login', { accept: 'text/html' })
  expect([page.status, page.headers['content-type']]).toEqual([503, 'text/html;charset=utf-8'])
  for (let i = 0; i < 3; i++) expect((await signIn(acme)).status).toBe(503)
  expect((await signIn(globex)).status).toBe(200)
  expect(await isBehind(acme.schema)).toBe(true)
  await migrateAll()
  await expect.poll(async () => (await signIn(acme)).status, waitLimit).toBe(200)
  expect(logged('request_failed')).toEqual([])
})

test('a version that is started before the organisations are migrated waits for that, and is not ready', async () => {
  for (const { schema } of [world.acme, world.globex]) await undoMigration(sql, schema, last)
  const log: LogLine[] = []
  const port = await freePort()
  const starting = startBeside(world, { PORT: String(port) }, log)
  await expect
    .poll(() => log.find(({ event }) => event === 'migrations_awaited'), waitLimit)
    .toMatchObject({
      level: 'warn',
      behind: 2,
      total: 2,
    })
  for (const { host } of [world.acme, world.globex])
    for (const path of ['/readyz', '/login']) expect((await call(port, host, path)).status).toBe(503)
  await migrateAll()
  server = await starting
  for (const place of [world.acme, world.globex]) expect((await signIn(place)).status).toBe(200)
})

test('a version that cannot update the schema `platform` says which migration has failed, and tries again', async () => {
  const { name, checksum } = migrations.platform.at(-1)!
  const entry = `${name} ${checksum}`
  // Its columns are there already.
  await sql`update platform.schema_versions set applied = array_remove(applied, ${entry}) where schema = 'platform'`
  const log: LogLine[] = []
  const starting = startBeside(world, {}, log)
  await expect
    .poll(() => log.find(({ event }) => event === 'database_bootstrap_failed'), waitLimit)
    .toMatchObject({ level: 'warn', reason: expect.stringMatching(`^${name}: column "needed" .* already exists`) })
  await sql`update platform.schema_versions set applied = array_append(applied, ${entry}) where schema = 'platform'`
  server = await starting
  expect((await signIn(world.acme)).status).toBe(200)
})

function signIn(place: World['acme']) {
  const { email, password } = place.staff
  return server!.at(place, `${auth}/jwt/create/`, { body: { email, password } })
}

function logged(name: string): LogLine[] {
  return server!.log.filter(({ event }) => event === name)
}

async function isBehind(schema: string): Promise<boolean> {
  const [row] = await sql`select applied from platform.schema_versions where schema = ${schema}`
  return !(row!.applied as string[]).some(entry => entry.startsWith(`${last.name} `))
}

async function migrateAll(): Promise<void> {
  const id = await requestFleetMigration(world.app, fromSystem, migrations.tenant, {}, true)
  await runOperation(world.app, migrations, id)
}
