import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadMigrations } from '#server/database/migrations/files.ts'
import { fromSystem } from '#server/domain/context.ts'
import { createTenant } from '#server/domain/tenants/create.ts'
import type { Surface } from '#shared/types/surface.ts'
import { formOf } from '../../support/browser/form.ts'
import { sampler } from '../../support/data/samples.ts'
import type { Cluster } from '../../support/database/cluster.ts'
import { createCluster } from '../../support/database/cluster.ts'
import type { Answer, Call } from '../../support/http.ts'
import type { Route } from '../../support/routes.ts'
import { readRoutes } from '../../support/routes.ts'
import { volume } from '../../support/volume.ts'
import type { World } from '../../support/world.ts'
import { addPerson, api, createWorld, realmOf, signInAs } from '../../support/world.ts'

// Evaluating it leaves a trace that a rollback does not remove.
const canary = "nextval('public.canary')"

/** One payload for each way in which a text may become SQL. */
const payloads = [
  "'",
  `email", ${canary} --`,
  `\\'; select ${canary.replaceAll("'", () => '$$')} --`,
  `' || ${canary} || '`,
  `' or ${canary} > 0 --`,
  `') or (${canary} > 0) --`,
  canary,
  `1 + ${canary}`,
  `email, ${canary}`,
  `created desc, (select ${canary})`,
  `1; select ${canary} --`,
  `'; select ${canary}, pg_sleep(9) --`,
  `' union select ${canary}::text --`,
  `' and 1 = cast('x' || ${canary} as int) --`,
  `$$ || ${canary} || $$`,
  `$1) or ${canary} > 0 --`,
  `%' or ${canary} > 0 or '' like '%`,
  `"}' || ${canary} || '{"b": "`,
  `'/**/or/**/${canary}>0--`,
]
/** Texts that no answer may contain. */
const leaks = /postgres|syntax error|unterminated|SQLSTATE|Failed query|drizzle|relation "|column "|\bpg_(?!sleep)/i

/** A caller, their host, and the ids that they can name. */
interface Caller {
  name: string
  surface: Surface
  ids: Record<string, string>
  call(request: Request): Promise<Answer>
}

interface Request extends Call {
  path: string
}

/** A place in a request that can contain a text. */
interface Spot {
  name: string
  /** The most payloads that it gets, in turns. */
  share?: number
  /** It may become a name, an order or a condition: every caller tries it thoroughly. */
  isQuery?: boolean
  /** It is treated alike for every route and caller. */
  isAlike?: boolean
  request(text: string): Request
}

let cluster: Cluster
let world: World
/** A direct connection to the database, with the server's role. */
let sql: postgres.Sql
let routes: Route[]
let callers: Caller[]

beforeAll(async () => {
  cluster = await createCluster()
  // Behind a trusted proxy, so that each request has its own address and no limit applies.
  world = await createWorld({
    DATABASE_URL: cluster.url,
    ACCESS_TTL: '3600',
    TRUSTED_PROXIES: '127.0.0.1',
    SIGNUP: 'open',
  })
  routes = await readRoutes()
  callers = await createCallers()
  sql = postgres(cluster.url, { max: 1, onnotice: () => {} })
  await sql`create sequence public.canary`
  await cluster.logStatements()
})
afterAll(async () => {
  await sql.end()
  await world.stop()
  await cluster.remove()
})

describe('SQL in any text that a request carries, INJ-01', () => {
  test.each([
    ['in quotes', (text: string) => `where email = '${text}'`],
    ['in brackets', text => `where (email = '${text}')`],
    ['in a pattern', text => `where email ilike '%${text}%'`],
    ['in JSON', text => `where '{"a": "${text}"}'::jsonb is not null`],
    ['in dollars', text => `where email = $$${text}$$`],
    ['behind a backslash', text => `where email = e'${text.replaceAll("'", "\\'")}'`],
    ['as a number', text => `limit ${text}`],
    ['as an order', text => `order by ${text}`],
    ['as a name', text => `order by "${text}"`],
  ] satisfies [string, (text: string) => string][])(
    'would be found if it were put into a statement: %s',
    async (_where, clause) => {
      const before = await trace()
      for (const text of payloads)
        await sql
          .unsafe(`select email from ${world.acme.schema}.users ${clause(text)}`.replace('pg_sleep(9)', '1'))
          .catch(() => {})
      const after = await trace()
      expect(after.evaluated).toBeGreaterThan(before.evaluated)
      expect(after.statements.length).toBeGreaterThan(before.statements.length)
    },
  )

  test('is treated as text by every route, for an Admin, Staff, an operator and visitors', async () => {
    const before = await trace()
    const work = routes.flatMap(route =>
      callers
        .filter(({ surface }) => route.surfaces.includes(surface))
        .map((caller, i) => ({ route, caller, isFirst: i === 0 })),
    )
    const faults: string[] = []
    // Reads come after writes, as a stored payload may act when it is read.
    for (const isRead of [false, true]) {
      await inLanes(
        8,
        work.filter(({ route }) => (route.method === 'GET') === isRead),
        async ({ route, caller, isFirst }) => {
          for (const spot of spotsOf(route, caller))
            faults.push(
              ...(await attack(caller, spot, isFirst)).map(
                fault => `${caller.name}: ${route.method} ${route.path}, ${spot.name}: ${fault}`,
              ),
            )
        },
      )
    }
    expect(faults).toEqual([])
    expect(await trace()).toEqual(before)
    expect(work.length).toBeGreaterThan(routes.length)
  })

  test('has changed nothing at another organisation', async () => {
    const { db, tables } = realmOf(world.app, world.globex).realm
    expect([await db.$count(tables.users), await db.$count(tables.sessions)]).toEqual([2, 0])
  })
})

/** How often the canary was evaluated, and the statements that reached PostgreSQL with it outside of a parameter. */
async function trace(): Promise<{ evaluated: number; statements: string[] }> {
  const log = await cluster.readLog()
  const [state] = await sql`select last_value, is_called from canary`
  return {
    evaluated: state!.is_called ? Number(state!.last_value) : 0,
    statements: log.split('\n').filter(line => line.includes('public.canary')),
  }
}

async function createCallers(): Promise<Caller[]> {
  const { app, acme, console, port } = world
  const victim = await addPerson(world, acme, 'victim@example.com')
  const { tenant } = await createTenant(
    app,
    loadMigrations('.', 'tenant'),
    {
      name: 'Victim',
      subdomain: 'victim',
      business_email: 'victim@example.com',
      business_phone_number: '',
      admin_email: 'victim@example.com',
      admin_password: null,
    },
    fromSystem,
  )
  const [admin, staff, operator] = [
    await signInAs(acme, acme.admin),
    await signInAs(acme, acme.staff),
    await signInAs(console, console.admin),
  ]
  const { id: department } = (await acme.call(`${api}/departments/`, { token: admin.access, body: { name: 'Design' } }))
    .json
  await acme.call(`${api}/organization/`, { method: 'PATCH', token: admin.access, body: { registration: 'open' } })
  const ofPortal = { user: victim.id, department }
  return [
    callerAt(acme.host, { name: 'an Admin', surface: 'portal', ids: ofPortal }, admin.access),
    callerAt(acme.host, { name: 'Staff', surface: 'portal', ids: ofPortal }, staff.access),
    callerAt(
      console.host,
      { name: 'an operator', surface: 'console', ids: { tenant: tenant.id, user: victim.id } },
      operator.access,
    ),
    callerAt(`localhost:${port}`, { name: 'anyone', surface: 'site', ids: {} }),
  ]
}

let calls = 0

function callerAt(host: string, who: Omit<Caller, 'call'>, token?: string): Caller {
  return {
    ...who,
    call({ path, headers, ...options }) {
      const address = ['10', ...[16, 8, 0].map(bits => (calls >> bits) & 255)].join('.')
      calls++
      return world.call(host, path, {
        token,
        sameOrigin: true,
        ...options,
        headers: { 'x-forwarded-for': address, ...headers },
      })
    },
  }
}

/** Everything in a request that its sender can choose. */
function spotsOf(route: Route, caller: Caller): Spot[] {
  const known = {
    ...caller.ids,
    ids: [caller.ids.user],
    invitations: [{ email: 'sample@example.org' }],
    photo: null,
    registration: 'open',
  }
  const usual = { method: route.method, path: pathOf(route.path, caller.ids), ...bodyOf(route, known) }
  const inPath = [...route.path.matchAll(/\[(\w+)\]/g)].map(([part, name]): Spot => ({
    name: `${name} in the path`,
    request: text => ({ ...usual, path: pathOf(route.path.replace(part, encodeURIComponent(text)), caller.ids) }),
  }))
  const inQuery = Object.keys(route.query.shape).map((name): Spot => ({
    name: `${name} in the query`,
    isQuery: true,
    request: text => ({ ...usual, path: `${usual.path}?${name}=${encodeURIComponent(text)}` }),
  }))
  const inBody = route.bodies.flatMap((schema, i) =>
    Object.keys(schema.shape).map((name): Spot => {
      const sample = sampler(schema, known, name)
      // Hashing is slow, and a field of several schemas was tested with the others.
      const isLess = /password/.test(name) || route.bodies.slice(0, i).some(({ shape }) => name in shape)
      return {
        name: `${name} in the body`,
        share: isLess ? 3 : undefined,
        request: text => ({ ...usual, body: filled(sample(), name, text) }),
      }
    }),
  )
  const alike = [...names(usual), ...headers(usual)].map((spot): Spot => ({ ...spot, isAlike: true }))
  return [...inPath, ...inQuery, ...inBody, ...filesIn(route, usual), ...alike]
}

function pathOf(path: string, ids: Record<string, string>): string {
  return path.replaceAll(/(\w+?)s?\/\[\w+\]/g, (part, noun: string) =>
    part.replace(/\[\w+\]/, ids[noun] ?? '01900000-0000-7000-8000-000000000000'),
  )
}

function bodyOf({ method, carries, bodies: [schema] }: Route, known: Record<string, unknown>): Call {
  if (method === 'GET') return {}
  if (carries === 'form') return formOf([{ content: 'x' }])
  if (carries === 'csv') return { body: 'email\n', headers: { 'content-type': 'text/csv' } }
  return { body: schema ? sampler(schema, known)() : {} }
}

function filled(body: Record<string, unknown>, name: string, text: string): Record<string, unknown> {
  return { ...body, [name]: Array.isArray(body[name]) ? [text, { email: text, role: text, department: text }] : text }
}

function filesIn({ carries }: Route, usual: Request): Spot[] {
  if (carries === 'form')
    return [
      {
        name: 'a part of a form',
        share: 3,
        request: text => ({ ...usual, ...formOf([{ name: text, filename: text, content: text }]) }),
      },
    ]
  if (carries === 'csv')
    return [
      {
        name: 'a cell',
        request: text => ({
          ...usual,
          body: [
            'email,first_name,department',
            ...[`sample${calls}@example.net`, text].map(email =>
              [email, text, text].map(cell => `"${cell.replaceAll('"', '""')}"`).join(),
            ),
          ].join('\n'),
        }),
      },
    ]
  return []
}

/** Names of unknown fields. */
function names(usual: Request): Spot[] {
  return [
    {
      name: 'a name in the query',
      share: 2,
      request: text => ({ ...usual, path: `${usual.path}?${encodeURIComponent(text)}=${encodeURIComponent(text)}` }),
    },
    ...(usual.body?.constructor === Object
      ? [
          {
            name: 'a name in the body',
            share: 1,
            request: (text: string) => ({ ...usual, body: { ...(usual.body as object), [text]: text } }),
          },
        ]
      : []),
  ]
}

function headers(usual: Request): Spot[] {
  const withHeaders = (headers: Record<string, string>): Request => ({
    ...usual,
    headers: { ...usual.headers, ...headers },
  })
  return [
    {
      name: 'headers of no consequence',
      share: 3,
      request: text =>
        withHeaders({
          'x-forwarded-for': text,
          'user-agent': text,
          'accept-language': text,
          'referer': text,
          'origin': text,
          'x-request-id': text,
          'cookie': `a=${text}; tenantry_locale=${text}; tenantry_access=${text}`,
        }),
    },
    {
      name: 'the cookies alone',
      share: 1,
      request: text => ({
        ...withHeaders({ cookie: `tenantry_access=${text}; tenantry_refresh=${text}` }),
        token: undefined,
      }),
    },
    ...['authorization', 'host', 'x-forwarded-host', 'content-type'].map((name): Spot => ({
      name,
      share: 1,
      request: text => withHeaders({ [name]: name === 'authorization' ? `Bearer ${text}` : text }),
    })),
  ]
}

let turn = 0

// A few suffice for most spots: a payload that becomes part of a statement is found in PostgreSQL's log, even if it is
// not evaluated, and a lone quote is an error.
function payloadsFor({ share = payloads.length, isQuery, isAlike }: Spot, isFirst: boolean): number {
  if (isQuery) return isFirst ? payloads.length : volume(4, 7)
  if (isAlike) return Math.min(share, volume(isFirst ? 1 : 0, 7))
  return Math.min(share, isFirst ? volume(4, payloads.length) : volume(2, 7))
}

/**
 * Sends the payloads of a spot.
 * @returns what is wrong in the answers
 */
async function attack(caller: Caller, spot: Spot, isFirst: boolean): Promise<string[]> {
  const { share, isQuery, request } = spot
  const faults: string[] = []
  for (let i = payloadsFor(spot, isFirst); i > 0; i--) {
    const text = payloads[turn++ % payloads.length]!
    const answer = await caller.call(request(text))
    if (answer.status >= 500 || tellsOfDatabase(answer, caller))
      faults.push(`${text}: ${answer.status} ${answer.text.slice(0, 200)}`)
  }
  const isCompared = share === undefined && (isFirst || isQuery || volume(0, 1) > 0)
  if (isCompared && !(await areAlike(caller, request))) faults.push('a truth is answered otherwise than an untruth')
  return faults
}

// Operators are told the name of an organisation's schema, and the doctor tells them PostgreSQL's version.
function tellsOfDatabase({ text }: Answer, { surface }: Caller): boolean {
  return (
    leaks.test(text.replace(/"PostgreSQL [\d.]+"/, '')) ||
    (surface !== 'console' && [world.acme.schema, world.globex.schema].some(schema => text.includes(schema)))
  )
}

// A true and a false condition, which give the same answers unless they are executed as SQL. Other tests may change
// data between two requests, but not between the two of every pair.
let pairs = 0

async function areAlike(caller: Caller, request: Spot['request'], tries = 3): Promise<boolean> {
  const [one, other] = [
    await caller.call(request(`x${++pairs}' or '1'='1`)),
    await caller.call(request(`x${pairs}' or '1'='2`)),
  ].map(kindOf)
  return one === other || (tries > 1 && areAlike(caller, request, tries - 1))
}

function kindOf({ status, json }: Answer): string {
  return `${status} ${Object.keys(json ?? {}).join()}`
}

async function inLanes<Item>(count: number, items: Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const rest = [...items]
  await Promise.all(
    Array.from({ length: count }, async () => {
      for (let item = rest.shift(); item; item = rest.shift()) await work(item)
    }),
  )
}
