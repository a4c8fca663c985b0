import postgres from 'postgres'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadMigrations } from '#server/database/migrations/files.ts'
import { fromSystem } from '#server/domain/context.ts'
import { requestFleetMigration } from '#server/domain/migrations/runs.ts'
import { runOperation } from '#server/domain/operations/runner.ts'
import { addOperator } from '../../support/data/operators.ts'
import { undoMigration } from '../../support/database/undo-migration.ts'
import { call } from '../../support/http.ts'
import type { LogLine } from '../../support/process/server.ts'
import { freePort, startServer } from '../../support/process/server.ts'
import { waitLimit } from '../../support/process/wait-limit.ts'
import type { World } from '../../support/world.ts'
import { api, createWorld, signInAs } from '../../support/world.ts'

const migrations = { platform: loadMigrations('.', 'platform'), tenant: loadMigrations('.', 'tenant') }
const last = migrations.tenant.at(-1)!

let world: World
let sql: postgres.Sql
let owner: string
beforeAll(async () => {
  world = await createWorld()
  sql = postgres(world.env.DATABASE_URL!, { max: 1, onnotice: () => {} })
  owner = (await signInAs(world.console, world.console.admin)).access
})
afterAll(async () => {
  await sql.end()
  await world.stop()
})

const ask = (path: string, method = 'GET', token = owner) => world.console.call(`${api}/${path}`, { token, method })
const runNow = async () => (await ask('migrations/')).json.run

test('a migration of all organisations is planned, paused, resumed and retried', async () => {
  await undoMigration(sql, world.globex.schema, last)
  const plan = await ask('migrations/plan/')
  expect([plan.status, plan.json]).toMatchObject([
    200,
    { target: last.name, tenants: 1, migrations: [{ name: last.name, tenants: 1, is_concurrent: false, needs: null }] },
  ])
  expect((await ask('migrations/pause/', 'PUT')).status).toBe(204)

  // The work is done by another process, which has not begun yet.
  const id = await requestFleetMigration(world.app, fromSystem, migrations.tenant, {}, true)
  expect(await runNow()).toMatchObject({ is_running: true, is_stopping: false, outcome: null, target: last.name })
  const support = (await addOperator(world, 'sue@example.com', 'Support')).token
  expect((await ask('migrations/pause/', 'PUT', support)).status).toBe(403)
  expect((await ask('migrations/retries/', 'POST', support)).status).toBe(403)
  expect((await ask('migrations/pause/', 'PUT')).status).toBe(204)
  expect(await runNow()).toMatchObject({ is_running: true, is_stopping: true })
  await runOperation(world.app, migrations, id)
  expect(await runNow()).toMatchObject({ is_running: false, outcome: 'paused', failed: 0 })
  expect((await ask('migrations/')).json.counts).toEqual({ current: 1, behind: 1 })

  expect((await ask('migrations/runs/', 'POST')).status).toBe(202)
  await expect.poll(runNow, waitLimit).toMatchObject({ outcome: 'completed', finished: 2, total: 2 })
  expect((await ask('migrations/')).json.counts).toEqual({ current: 2 })
  expect((await ask('migrations/plan/')).json).toMatchObject({ tenants: 0, migrations: [] })

  await undoMigration(sql, world.acme.schema, last)
  await sql`update platform.schema_versions set state = 'failed', error = 'lock' where schema = ${world.globex.schema}`
  expect((await ask('migrations/retries/', 'POST')).status).toBe(202)
  await expect.poll(runNow, waitLimit).toMatchObject({ outcome: 'completed', total: 1 })
  expect((await ask('migrations/')).json.counts).toEqual({ current: 1, behind: 1 })
  expect((await ask('migrations/runs/', 'POST')).status).toBe(202)
  await expect.poll(runNow, waitLimit).toMatchObject({ outcome: 'completed', finished: 2, total: 2 })
  const actions = (await ask('audit/?ordering=-created')).json.results.map(({ action }: { action: string }) => action)
  expect(actions).toContain('tenants.migration_paused')
})

test('a server of the version before starts and serves while the database is ahead, unless that breaks it', async () => {
  const newer = 'tenant/9999_newer 0123'
  await sql`update platform.schema_versions set applied = applied || ${newer}::text`
  const port = await freePort()
  const server = await startServer({ ...world.env, PORT: String(port) })
  const { email, password } = world.acme.admin
  const host = world.acme.host.replace(/\d+$/, String(port))
  expect((await call(port, host, `${api}/auth/jwt/create/`, { body: { email, password } })).status).toBe(200)
  expect(await server.stop()).toBe(0)

  await sql`update platform.schema_versions set needed = '{tenant/9999_newer}' where schema = ${world.acme.schema}`
  const log: LogLine[] = []
  await expect(startServer({ ...world.env, PORT: String(port) }, log)).rejects.toThrow('ended with 1')
  expect(log.at(-1)).toMatchObject({ event: 'start_failed', reason: expect.stringContaining('tenant/9999_newer') })
})
