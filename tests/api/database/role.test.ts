import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres from 'postgres'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Cluster } from '../../support/database/cluster.ts'
import { createCluster } from '../../support/database/cluster.ts'
import { runCli } from '../../support/process/cli.ts'
import type { World } from '../../support/world.ts'
import { api, auth, createWorld, signInAs } from '../../support/world.ts'

/** The server on a database whose role was created with the statements of docs/operations.md, and nothing else. */

let cluster: Cluster
let superuser: postgres.Sql
let world: World
let owner: string
let uploadDir: string

beforeAll(async () => {
  cluster = await createCluster()
  uploadDir = await mkdtemp(join(tmpdir(), 'tenantry-uploads-'))
  const url = new URL(await cluster.openToSuperuser())
  superuser = postgres(url.href, { max: 1, onnotice: () => {} })
  // The cluster has a role and a database of the documents' name.
  for (const statement of grantsIn(readFileSync('docs/operations.md', 'utf8')))
    await superuser.unsafe(statement.replaceAll('tenantry', 'least'))
  url.username = 'least'
  url.password = ''
  url.pathname = '/least'
  world = await createWorld({ DATABASE_URL: url.href, POOL_SIZE: '1', UPLOAD_DIR: uploadDir })
  owner = (await signInAs(world.console, world.console.admin)).access
})
afterAll(async () => {
  await world?.stop()
  await superuser.end()
  await cluster.remove()
  await rm(uploadDir, { recursive: true })
})

test('the documents give the role its privileges', () => {
  expect(grantsIn(readFileSync('docs/operations.md', 'utf8'))).toHaveLength(4)
})

test('is no superuser, and can create neither roles nor databases', async () => {
  expect(
    await superuser`select rolsuper, rolcreaterole, rolcreatedb, rolbypassrls from pg_roles where rolname = 'least'`,
  ).toEqual([{ rolsuper: false, rolcreaterole: false, rolcreatedb: false, rolbypassrls: false }])
})

test('serves two organisations', async () => {
  for (const place of [world.acme, world.globex]) {
    const { access } = await signInAs(place, place.admin)
    const body = { email: 'new@example.com', first_name: 'New' }
    expect((await place.call(`${auth}/users/`, { token: access, body })).status).toBe(201)
    const found = await place.call(`${api}/users/?search=new`, { token: access })
    expect([found.status, found.json.count]).toEqual([200, 1])
    expect((await place.call(`${api}/audit/`, { token: access })).json.count).toBeGreaterThan(0)
  }
})

test('creates, suspends and removes an organisation', async () => {
  const tenants = `${api}/tenants/`
  const made = await world.console.call(tenants, {
    token: owner,
    body: {
      name: 'Initech',
      subdomain: 'initech',
      business_email: 'it@initech.test',
      admin_email: 'bill@initech.test',
    },
  })
  expect(made.status).toBe(201)
  const { id } = made.json
  const suspended = await world.console.call(`${tenants}${id}/suspension/`, { method: 'PUT', token: owner, body: {} })
  expect(suspended.json.status).toBe('suspended')
  const { code } = await runCli(['tenant', 'delete', 'initech', '--now', '--yes'], world.env)
  expect(code).toBe(0)
})

test('clones an organisation, and tenantry doctor finds nothing', async () => {
  const clone = ['tenant', 'clone', 'acme', '--subdomain', 'copy', '--name', 'Copy', '--admin-email', 'c@copy.test']
  expect((await runCli(clone, world.env)).code).toBe(0)
  const { json } = await runCli(['doctor', '--json'], world.env)
  expect(json.checks.filter(({ problems }: { problems: string[] }) => problems.length > 0)).toEqual([])
  expect(json.checks.find(({ name }: { name: string }) => name === 'database role').found).toBe('least')
})

test('cannot change what is recorded, nor what is not its own', async () => {
  const { db } = world.app.database.platform
  const refused = { cause: { message: 'permission denied for table audit_events' } }
  await expect(db.execute('delete from platform.audit_events')).rejects.toMatchObject(refused)
  await expect(db.execute('create table public.own (id integer)')).rejects.toMatchObject({
    cause: { message: 'permission denied for schema public' },
  })
  await expect(db.execute('create role other')).rejects.toMatchObject({
    cause: { message: 'permission denied to create role' },
  })
})

test('of a superuser is reported', async () => {
  const url = new URL(world.env.DATABASE_URL!)
  url.username = 'postgres'
  const { json } = await runCli(['doctor', '--json'], { ...world.env, DATABASE_URL: url.href })
  expect(json.checks.find(({ name }: { name: string }) => name === 'database role').problems).toEqual([
    'postgres is a superuser, who can change audit logs. Use a role as docs/operations.md creates it.',
  ])
})

/** The statements under "The database role". */
function grantsIn(text: string): string[] {
  const section = text.split('## The database role')[1]!
  return /```sql\n([\s\S]*?)```/.exec(section)![1]!.trim().split('\n')
}
