import postgres from 'postgres'
import sharp from 'sharp'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { HeldRequest } from '../../support/held-requests.ts'
import { holdRequest } from '../../support/held-requests.ts'
import { addOperator } from '../../support/data/operators.ts'
import { setStanding } from '../../support/data/standing.ts'
import type { RawAnswer } from '../../support/raw-http.ts'
import type { Route } from '../../support/routes.ts'
import { readRoutes } from '../../support/routes.ts'
import type { Place, World } from '../../support/world.ts'
import type { Person } from '../../support/database/templates.ts'
import { addPerson, api, auth, createWorld, signInAs } from '../../support/world.ts'

/** A user who has every permission at first. */
interface Caller extends Person {
  token: string
  refresh: string
}

/** A way to lose authority, and the answers of the routes afterwards; undefined: the request is still allowed. */
interface Ending {
  end: (place: Place, caller: Caller) => Promise<void>
  answer: (route: Route) => { status: number; code?: string } | undefined
}

const isPrivate = ({ access }: Route) => access !== 'public'
const endings: Record<string, Ending> = {
  'a demotion': {
    end: (place, { id }) => change(place, id, { role: 'Staff' }),
    answer: ({ access }) => (typeof access === 'function' ? { status: 403 } : undefined),
  },
  'a deactivation': {
    end: (place, { id }) => change(place, id, { is_active: false }),
    answer: route => (isPrivate(route) ? { status: 401, code: 'user_inactive' } : undefined),
  },
  'signing out': {
    end: async (place, { refresh }) => {
      expect((await place.call(`${auth}/jwt/blacklist/`, { body: { refresh } })).status).toBe(200)
    },
    answer: route => (isPrivate(route) ? { status: 401, code: 'session_revoked' } : undefined),
  },
  'the end of all sessions': {
    end: async (place, { id }) => {
      const answer = await place.call(`${api}/sessions/?user=${id}`, { method: 'DELETE', token: admins.get(place) })
      expect(answer.status).toBe(204)
    },
    answer: route => (isPrivate(route) ? { status: 401, code: 'session_revoked' } : undefined),
  },
}

let world: World
let sql: postgres.Sql
let routes: Route[]
let png: Buffer
let count = 0
/** Access tokens of the Admins who take the authority away. */
const admins = new Map<Place, string>()
beforeAll(async () => {
  world = await createWorld({ ACCESS_TTL: '3600', SIGNUP: 'open' })
  sql = postgres(world.env.DATABASE_URL!, { max: 2, onnotice: () => {}, connection: { application_name: 'tests' } })
  for (const place of [world.acme, world.globex, world.console]) {
    admins.set(place, (await signInAs(place, place.admin)).access)
  }
  routes = (await readRoutes()).filter(({ method, access }) => method !== 'GET' && access !== undefined)
  png = await sharp({ create: { width: 300, height: 200, channels: 3, background: 'teal' } })
    .png()
    .toBuffer()
})
afterEach(async () => {
  await setStanding(sql, world.acme, 'active')
  await sql`select pg_notify('tenantry_tenants', ${world.acme.id})`
  await expect.poll(async () => (await world.acme.call('/.well-known/jwks.json')).status).toBe(200)
})
afterAll(async () => {
  await sql.end()
  await world.stop()
})

describe.each(Object.keys(endings))('while a request is on its way, %s holds for it', name => {
  const { end, answer } = endings[name]!

  test.each(['portal', 'console'] as const)('on every route of the %s', async surface => {
    const place = surface === 'portal' ? world.acme : world.console
    const caller = await addCaller(place)
    const affected = routes.filter(route => route.surfaces.includes(surface) && answer(route))
    expect(affected.length).toBeGreaterThan(10)
    const held = await Promise.all(affected.map(route => holdRoute(place, route, caller)))
    await end(place, caller)
    const answers = await Promise.all(held.map(request => request.finish()))
    const expected = affected.map(route => ({ route: nameOf(route), ...answer(route)! }))
    expect(affected.map((route, i) => said(route, answers[i]!))).toEqual(expected)
    const deeds = await sql`
      select action from ${sql(place.schema)}.audit_events
      where actor = ${caller.id} and action not in ('session.opened', 'session.ended')`
    expect([...deeds]).toEqual([])
  })
})

describe('while a request is on its way, a tenant', () => {
  test.each([
    ['suspended', { status: 403, code: 'tenant_inactive' }],
    ['maintenance', { status: 503, code: 'maintenance' }],
  ])('that is closed (%s) accepts no request, public or not; the other tenant does', async (standing, refusal) => {
    const caller = await addCaller(world.acme)
    const theirs = routes.filter(route => route.surfaces.includes('portal'))
    const held = await Promise.all(theirs.map(route => holdRoute(world.acme, route, caller)))
    const neighbour = await addCaller(world.globex)
    const other = await hold(head(world.globex, 'PATCH', `${auth}/users/me/`, neighbour), '{"first_name": "Neighbour"}')
    await close(standing === 'suspended' ? 'suspension' : 'maintenance')
    const answers = await Promise.all(held.map(request => request.finish()))
    const expected = theirs.map(route => ({ route: nameOf(route), ...refusal }))
    expect(theirs.map((route, i) => said(route, answers[i]!))).toEqual(expected)
    expect((await other.finish()).status).toBe(200)
  })

  test('that is renamed redirects to its new host', async () => {
    const path = `${auth}/users/reset_password/`
    const held = await hold(head(world.globex, 'POST', path), '{"email": "ann@example.com"}')
    await rename('globex', 'initech')
    const location = `${world.globex.origin.replace('globex', 'initech')}${path}`
    expect(await held.finish()).toMatchObject({ status: 308, headers: { location } })
    await rename('initech', 'globex')
  })

  async function close(noun: string): Promise<void> {
    const token = admins.get(world.console)
    const path = `${api}/tenants/${world.acme.id}/${noun}/`
    expect((await world.console.call(path, { method: 'PUT', token, body: {} })).status).toBe(200)
    await expect.poll(async () => (await world.acme.call('/.well-known/jwks.json')).status).not.toBe(200)
  }

  async function rename(from: string, to: string): Promise<void> {
    const token = admins.get(world.console)
    const path = `${api}/tenants/${world.globex.id}/`
    expect((await world.console.call(path, { method: 'PATCH', token, body: { subdomain: to } })).status).toBe(200)
    const former = world.globex.host.replace('globex', from)
    await expect.poll(async () => (await world.call(former, '/.well-known/jwks.json')).status).toBe(308)
  }
})

describe('changes that are not made after the authority has ended', () => {
  test('a demoted Admin stays demoted', async () => {
    const caller = await addCaller(world.acme)
    const lines = head(world.acme, 'PATCH', `${auth}/users/${caller.id}/`, caller)
    const held = await hold(lines, '{"role": "Admin", "first_name": "Still here"}')
    await change(world.acme, caller.id, { role: 'Staff' })
    // Staff may still change their own name, but not their role.
    expect(await held.finish()).toMatchObject({ status: 400 })
    expect(await record(world.acme, caller.id)).toMatchObject({ role: 'Staff' })
  })

  test('a deactivated user stays so', async () => {
    const caller = await addCaller(world.acme)
    const held = await hold(head(world.acme, 'PATCH', `${auth}/users/${caller.id}/`, caller), '{"is_active": true}')
    await change(world.acme, caller.id, { is_active: false })
    expect((await held.finish()).status).toBe(401)
    expect(await record(world.acme, caller.id)).toMatchObject({ is_active: false })
  })

  test('a user who has signed out makes nobody an Admin', async () => {
    const caller = await addCaller(world.acme)
    const email = 'accomplice@example.com'
    const body = JSON.stringify({ email, password: null, role: 'Admin' })
    const held = await hold(head(world.acme, 'POST', `${auth}/users/`, caller), body)
    await endings['signing out']!.end(world.acme, caller)
    expect((await held.finish()).status).toBe(401)
    expect(await sql`select 1 from ${sql(world.acme.schema)}.users where email = ${email}`).toHaveLength(0)
  })
})

describe('a caller who may not send a body at all', () => {
  test('is refused before it has arrived, without waiting for it', async () => {
    const staff = { ...world.acme.staff, token: (await signInAs(world.acme, world.acme.staff)).access }
    for (const path of [`${api}/users/import/`, `${api}/departments/`]) {
      const type = path.includes('import') ? 'text/csv' : 'application/json'
      for (const [caller, status] of [
        [undefined, 401],
        [staff, 403],
      ] as const) {
        const lines = head(world.acme, 'POST', path, caller, type)
        // A balancer would leave the connection open after the answer.
        const held = await holdRequest(world.server.port, lines, `{"name": "${'x'.repeat(1000)}"}`)
        expect((await held.answered()).status).toBe(status)
      }
    }
  })

  test('is refused first, for any body', async () => {
    const { acme } = world
    const staff = (await signInAs(acme, acme.staff)).access
    const callers = [
      [undefined, 401],
      ['nonsense', 401],
      [staff, 403],
      [admins.get(acme), 400],
    ] as const
    for (const [token, status] of callers) {
      const answer = await acme.call(`${api}/departments/`, { token, body: '{"name": ' })
      expect([token, answer.status]).toEqual([token, status])
    }
  })
})

async function addCaller(place: Place): Promise<Caller> {
  const email = `caller${++count}@example.com`
  if (place === world.console) {
    const operator = await addOperator(world, email, 'Admin')
    const { access: token, refresh } = await signInAs(place, operator)
    return { ...operator, token, refresh }
  }
  const person = await addPerson(world, place, email, { role: 'Admin' })
  const { access: token, refresh } = await signInAs(place, person)
  return { ...person, token, refresh }
}

function holdRoute(place: Place, { method, path, carries }: Route, caller: Caller): Promise<HeldRequest> {
  const names: Record<string, string> = {
    id: place.staff.id,
    host: 'portal.example.com',
    name: 'acme-20260101T000000Z-00000000.tar',
  }
  const filled = path.replaceAll(/\[(\w+)\]/g, (_, name: string) => names[name]!)
  const [type, body] = (
    {
      form: ['image/png', png],
      csv: ['text/csv', 'email,first_name\nheld@example.com,Held\n'],
      json: ['application/json', '{"first_name": "Held", "name": "Held"}'],
    } as const
  )[carries ?? 'json']
  return hold(head(place, method, filled, caller, type), body)
}

function hold(lines: string[], body: string | Buffer): Promise<HeldRequest> {
  return holdRequest(world.port, lines, body)
}

function head(
  { host }: Place,
  method: string,
  path: string,
  caller?: { token: string },
  type = 'application/json',
): string[] {
  const credentials = caller ? [`Authorization: Bearer ${caller.token}`] : []
  const others = [`Host: ${host}`, 'Sec-Fetch-Site: same-origin', `Content-Type: ${type}`]
  return [`${method} ${path} HTTP/1.1`, ...others, ...credentials]
}

async function change(place: Place, id: string, body: object): Promise<void> {
  const answer = await place.call(`${auth}/users/${id}/`, { method: 'PATCH', token: admins.get(place), body })
  expect(answer.status).toBe(200)
}

async function record(place: Place, id: string) {
  return (await place.call(`${auth}/users/${id}/`, { token: admins.get(place) })).json
}

function said(route: Route, { status, body }: RawAnswer) {
  const { code } = JSON.parse(body || '{}') as { code?: string }
  return { route: nameOf(route), status, ...(code === undefined ? {} : { code }) }
}

function nameOf({ method, path }: Route): string {
  return `${method} ${path}`
}
