import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ClusterNode } from '#server/domain/nodes/nodes.ts'
import { citusUrl } from '../../support/citus/databases.ts'
import { runCli, startCli } from '../../support/process/cli.ts'
import type { Place, World } from '../../support/world.ts'
import { api, auth, createWorld, signInAs } from '../../support/world.ts'

let world: World
let sql: postgres.Sql
let owner: string
let uploadDir: string

beforeAll(async () => {
  uploadDir = await mkdtemp(join(tmpdir(), 'tenantry-uploads-'))
  world = await createWorld({ POOL_SIZE: '1', UPLOAD_DIR: uploadDir })
  sql = postgres(world.env.DATABASE_URL!, { max: 2, onnotice: () => {} })
  owner = (await signInAs(world.console, world.console.admin)).access
})
afterAll(async () => {
  await sql.end()
  await world.stop()
  await rm(uploadDir, { recursive: true })
})

describe.skipIf(citusUrl)('on an ordinary PostgreSQL', () => {
  test.each([['nodes'], ['nodes', 'rebalance'], ['tenant', 'move', 'acme', '--node', 'db2:5432']])(
    'the commands of a cluster say that it is none: %s %s',
    async (...args) => {
      const { code, output, errors } = await runCli(args, world.env)
      expect([code, output, errors]).toEqual([
        1,
        '',
        'The database is not Citus: all organisations are on one machine.\n',
      ])
    },
  )

  test('the doctor and the console know no machines', async () => {
    const { json } = await runCli(['doctor', '--json'], world.env)
    expect(json.checks).toContainEqual({ name: 'nodes', found: 'one machine, without Citus', problems: [] })
    expect((await world.console.call(`${api}/health/nodes/`, { token: owner })).json).toEqual({ nodes: [] })
  })
})

describe.skipIf(!citusUrl)('on a Citus cluster', () => {
  test('organisations and spare schemas are distributed, each as a whole, and the platform is not', async () => {
    await expect.poll(() => sql`select from platform.spare_schemas`).toHaveLength(1)
    const expected = await sql`select schema from platform.tenants union select schema from platform.spare_schemas`
    const places = await readPlaces()
    expect([...places.keys()].sort()).toEqual(expected.map(({ schema }) => schema as string).sort())
    expect([...places.values()].filter(nodes => nodes.length !== 1)).toEqual([])
    expect(await sql`select from pg_dist_schema where schemaid = 'platform'::regnamespace`).toHaveLength(0)
    expect(await sql`select from pg_dist_schema where schemaid = 'pgboss'::regnamespace`).toHaveLength(0)
  })

  test('new organisations are placed on the workers in turns', async () => {
    const made = ['initech', 'umbrella', 'hooli', 'stark']
    for (const subdomain of made) await create(subdomain)
    const nodes = await listNodes()
    const counts = nodes.filter(({ is_coordinator }) => !is_coordinator).map(({ tenants }) => tenants.length)
    expect(counts.reduce((sum, count) => sum + count)).toBe(made.length + 2)
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(2)
  })

  test('an organisation is moved while it is in use, without a lost request', async () => {
    const [from, to] = [await nodeOf('acme'), await otherNodeOf('acme')]
    const traffic = useWhile(world.acme)
    const { code, json, errors } = await startCli(['tenant', 'move', 'acme', '--node', to, '--json'], world.env).exited
    const { counts, name } = await traffic.stop()
    expect([code, errors.replaceAll(/^[a-z ]+…$\n?/gm, '')]).toEqual([0, ''])
    expect(json).toMatchObject({ subdomain: 'acme', from, to })
    expect(counts.failed).toEqual([])
    expect(Math.min(counts.reads, counts.writes)).toBeGreaterThan(10)
    expect(await nodeOf('acme')).toBe(to)
    const { access } = await signInAs(world.acme, world.acme.staff)
    expect((await world.acme.call(`${auth}/users/me/`, { token: access })).json.first_name).toBe(name)
  })

  test('a move to no node, to the same node, and of no organisation is refused with the reason', async () => {
    const here = await nodeOf('globex')
    const move = async (subdomain: string, node: string) =>
      (await runCli(['tenant', 'move', subdomain, '--node', node], world.env)).errors
    expect(await move('globex', 'nowhere:1')).toMatch(/^There is no node nowhere:1\. There are .*:\d+, .*:\d+\.\n$/)
    expect(await move('globex', here)).toBe(`Globex Corporation is on ${here} already.\n`)
    expect(await move('globex', (await listNodes())[0]!.address)).toMatch(/takes no organisations\.\n$/)
    expect(await move('nobody', here)).toBe('Not found.\n')
    expect(await nodeOf('globex')).toBe(here)
  })

  test('rebalancing goes to its end, and loses no organisation', async () => {
    const before = (await listNodes()).flatMap(({ tenants }) => tenants).sort()
    const { code } = await runCli(['nodes', 'rebalance', '--json'], world.env)
    expect(code).toBe(0)
    expect((await listNodes()).flatMap(({ tenants }) => tenants).sort()).toEqual(before)
  })

  test('the console shows the nodes and the size of each organisation', async () => {
    const { status, json } = await world.console.call(`${api}/health/nodes/`, { token: owner })
    expect([status, json.nodes.length]).toEqual([200, 3])
    expect(json.nodes[0]).toMatchObject({ is_coordinator: true, tenants: 0, state: { size: 0 } })
    expect(json.nodes[1].state.size).toBeGreaterThan(100_000)
    const tenants = await world.console.call(`${api}/tenants/?search=acme`, { token: owner })
    expect(tenants.json.results[0].size).toBeGreaterThan(100_000)
  })

  test('the doctor finds nothing, and then what is on the wrong machines', async () => {
    expect(await problemsOf('nodes')).toEqual([])
    await sql`create schema t_astray_1`
    await sql`insert into platform.schema_versions (schema, applied, version, updated) values ('t_astray_1', '{}', '', now())`
    expect(await problemsOf('nodes')).toEqual([
      "t_astray_1 is not distributed. Run: select citus_schema_distribute('t_astray_1')",
    ])
    await sql`drop schema t_astray_1`
    await sql`delete from platform.schema_versions where schema = 't_astray_1'`
  })

  test('an index is made while an organisation is in use', async () => {
    const { schema } = world.globex
    const traffic = useWhile(world.globex)
    await sql`create index concurrently extra on ${sql(schema)}.users (last_name)`
    await sql`drop index concurrently ${sql(schema)}.extra`
    expect((await traffic.stop()).counts.failed).toEqual([])
  })

  test('the end of an organisation leaves nothing on any node', async () => {
    const { schema } = await create('shortlived')
    const [node] = (await readPlaces()).get(schema)!
    expect((await runCli(['tenant', 'delete', 'shortlived', '--now', '--yes'], world.env)).code).toBe(0)
    const there = postgres(new URL(`postgres://${node}${new URL(world.env.DATABASE_URL!).pathname}`).href, {
      max: 1,
      username: 'tenantry',
    })
    expect(await there`select from pg_namespace where nspname = ${schema}`).toHaveLength(0)
    await there.end()
  })
})

/** Reads and writes of a user, several at once, until `stop`. */
function useWhile(place: Place) {
  const counts = { reads: 0, writes: 0, failed: [] as unknown[] }
  let going = true
  let name = ''
  const work = signInAs(place, place.staff).then(({ access: token }) =>
    Promise.all([read(token), read(token), read(token), write(token)]),
  )
  return {
    async stop() {
      going = false
      await work
      return { counts, name }
    },
  }

  async function read(token: string) {
    while (going) {
      await ask({ token })
      counts.reads++
    }
  }

  async function write(token: string) {
    while (going) {
      name = `Name ${++counts.writes}`
      await ask({ token, method: 'PATCH', body: { first_name: name } })
    }
  }

  async function ask(options: Parameters<Place['call']>[1]) {
    const { status, json } = await place.call(`${auth}/users/me/`, options)
    if (status !== 200) counts.failed.push([status, json])
  }
}

async function create(subdomain: string): Promise<{ schema: string }> {
  const body = {
    name: subdomain,
    subdomain,
    business_email: `office@${subdomain}.test`,
    admin_email: `admin@${subdomain}.test`,
  }
  const { status, json } = await world.console.call(`${api}/tenants/`, { token: owner, body })
  expect(status).toBe(201)
  const [row] = await sql`select schema from platform.tenants where id = ${json.id}`
  return row as { schema: string }
}

async function listNodes(): Promise<ClusterNode[]> {
  return (await runCli(['nodes', '--json'], world.env)).json
}

async function nodeOf(subdomain: string): Promise<string> {
  return (await listNodes()).find(({ tenants }) => tenants.includes(subdomain))!.address
}

async function otherNodeOf(subdomain: string): Promise<string> {
  return (await listNodes()).find(({ tenants, takes_tenants }) => takes_tenants && !tenants.includes(subdomain))!
    .address
}

/** The nodes of each distributed schema. */
async function readPlaces(): Promise<Map<string, string[]>> {
  const rows = await sql`
    select n.nspname as schema, array_agg(distinct d.nodename || ':' || d.nodeport) as nodes
    from pg_dist_schema s join pg_namespace n on n.oid = s.schemaid join pg_dist_partition p on p.colocationid = s.colocationid
    join pg_dist_shard h on h.logicalrelid = p.logicalrelid join pg_dist_placement l on l.shardid = h.shardid
    join pg_dist_node d on d.groupid = l.groupid group by 1`
  return new Map(rows.map(({ schema, nodes }) => [schema as string, nodes as string[]]))
}

async function problemsOf(name: string): Promise<string[]> {
  const { json } = await runCli(['doctor', '--json'], world.env)
  return json.checks.find((check: { name: string }) => check.name === name).problems
}
