import { rm } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newId } from '#server/database/ids.ts'
import * as permissions from '#shared/permissions.ts'
import { nextAddress } from '../../support/data/client-address.ts'
import type { Answer } from '../../support/http.ts'
import { inLanes } from '../../support/lanes.ts'
import { createCallers } from '../../support/matrix/callers.ts'
import type { Case } from '../../support/matrix/cases.ts'
import { casesOf, placeOf } from '../../support/matrix/cases.ts'
import { canary } from '../../support/matrix/canaries.ts'
import { changedTables, digestOf } from '../../support/matrix/digest.ts'
import type { IdField } from '../../support/matrix/id-fields.ts'
import { idFieldsOf } from '../../support/matrix/id-fields.ts'
import { enter } from '../../support/matrix/people.ts'
import type { Request } from '../../support/matrix/requests.ts'
import { madeRoutes, prepare, requestOf } from '../../support/matrix/requests.ts'
import type { Setting } from '../../support/matrix/setting.ts'
import { createSetting } from '../../support/matrix/setting.ts'
import type { Params } from '../../support/matrix/targets.ts'
import { addDepartment, targetsOf } from '../../support/matrix/targets.ts'
import { nameOf, namedRoutes } from '../../support/matrix/verdicts.ts'
import { unlessBusy } from '../../support/unless-busy.ts'
import type { Route } from '../../support/routes.ts'
import { readRoutes } from '../../support/routes.ts'

/** Tables of the caller's side that a refused request may write to: who was refused, and how often. */
const written = /\.(?:audit_events|rate_limits|tenant_days)$/
/** Routes that are about all organisations at once, and so change the other one too. */
const aboutAll = [
  'POST /api/v1/keys/rotations/',
  'POST /api/v1/migrations/runs/',
  'POST /api/v1/migrations/retries/',
  'POST /api/v1/jobs/[name]/runs/',
  'POST /api/v1/outbox/retries/',
]
/** Routes that answer everybody on every host. */
const outsideOfTenancy = ['GET /api/v1/domains/ask/', 'GET /healthz', 'GET /readyz']

let setting: Setting
let routes: Route[]
let cases: Case[]
let globexDepartment: string

beforeAll(async () => {
  setting = await createSetting()
  routes = await readRoutes()
  globexDepartment = await addDepartment(setting, setting.world.globex)
  const callers = await createCallers(setting)
  cases = routes.flatMap(route => callers.flatMap(caller => casesOf(route, caller, setting)))
})
afterAll(async () => {
  await setting.sql.end()
  await setting.world.stop()
  await rm(setting.archiveDir, { recursive: true })
})

describe('every route × role × credential × target', () => {
  test('is refused as declared, and then changes nothing', async () => {
    const { sql } = setting
    const { acme, globex } = setting.world
    const schemas = [acme.schema, globex.schema, 'platform']
    const refused = cases.filter(({ verdict }) => verdict.status >= 400)
    const faults: string[] = []
    for (const [route, group] of Map.groupBy(refused, one => one.route)) {
      const requests = await inLanes(8, group, one => prepared(one))
      const before = await digestOf(sql, schemas)
      const answers = await inLanes(8, requests, request => send(request))
      faults.push(...group.flatMap((one, i) => faultsOf(one, answers[i]!)))
      const changed = changedTables(before, await digestOf(sql, schemas)).filter(
        name => name.startsWith(globex.schema) || !written.test(name),
      )
      faults.push(...changed.map(name => `${nameOf(route)}: a refused request changed ${name}`))
    }
    expect(faults).toEqual([])
  })

  test('is answered as declared, and nothing of another organisation changes', async () => {
    const allowed = cases.filter(({ verdict }) => verdict.status < 400)
    const [changing, reading] = partition(allowed, ({ route }) => route.method !== 'GET')
    const [forAll, others] = partition(changing, ({ route }) => aboutAll.includes(nameOf(route)))
    const [foreign, own] = partition(others, ({ target }) => target === 'other')
    // The first of these create what they name at the other organisation.
    const faults = [
      ...(await answer(foreign, 1)),
      ...(await answer(own, 4)),
      ...(await answer(reading, 8)),
      ...(await answer(forAll, 1)),
    ]
    expect(faults).toEqual([])
  })

  test('is in the matrix: no route is left out, and none that is gone is left in its tables', () => {
    const names = routes.map(nameOf)
    const [refused, allowed] = partition(cases, ({ verdict }) => verdict.status >= 400)
    const [withRefusal, withSuccess] = [refused, allowed].map(group => new Set(group.map(({ route }) => nameOf(route))))
    expect(names.filter(name => !withSuccess!.has(name))).toEqual([])
    expect(names.filter(name => !withRefusal!.has(name))).toEqual(outsideOfTenancy)
    expect([...namedRoutes, ...madeRoutes, ...aboutAll].filter(name => !names.includes(name))).toEqual([])
    expect(cases.length).toBeGreaterThan(2_500)
  })
})

describe("another organisation's id", () => {
  test('in any field of a request is answered as one that does not exist, and changes nothing there', async () => {
    const { sql } = setting
    const found = cases.flatMap(one => (isByAdmin(one) ? idFieldsOf(one).map(field => ({ one, field })) : []))
    const faults = await inLanes(1, found, async ({ one, field }) => {
      const { host, request } = await prepared(one)
      const { schema, ids } = elsewhere(one)
      const before = await digestOf(sql, [schema])
      const [foreign, absent] = [ids[field.noun], newId()]
      const answers = []
      for (const id of [foreign, absent]) {
        const { status, text } = await send({ host, request: field.put(request, id) })
        answers.push(`${status} ${text.replaceAll(id, 'the id')}`)
      }
      const changed = changedTables(before, await digestOf(sql, [schema]))
      return [
        ...(answers[0] === answers[1] ? [] : [`${titleOf(one)}, ${field.name}: ${answers.join(', but ')}`]),
        ...changed.map(name => `${titleOf(one)}, ${field.name}: ${name} changed`),
      ]
    })
    expect(faults.flat()).toEqual([])
    expect(new Set(found.map(({ field }) => field.name))).toEqual(
      new Set(['user', 'department', 'ids', 'actor', 'subject', 'invitations']),
    )
  })
})

test('permissions belong to these roles', () => {
  const roles = ['Staff', 'Support', 'Admin'] as const
  const all = Object.entries(permissions) as [string, permissions.Permission][]
  const found = all.map(([name, permission]) => [name, roles.filter(role => permission({ id: '', role })).join(' ')])
  expect(Object.fromEntries(found)).toEqual({
    canManageUsers: 'Admin',
    canManageInvitations: 'Admin',
    canManageDepartments: 'Admin',
    canManageSessions: 'Admin',
    canReadAudit: 'Support Admin',
    canManageOrganization: 'Admin',
    canReadTenants: 'Staff Support Admin',
    canSupportTenants: 'Support Admin',
    canManageTenants: 'Admin',
    canDecideSignups: 'Admin',
    canManageArchives: 'Admin',
  })
})

test("the other organisation's own answers have the canary that no other has", async () => {
  const { world } = setting
  const { access } = await enter(world, world.globex, 'Admin')
  for (const path of ['users', 'departments', 'invitations', 'audit', 'organization'])
    expect((await world.globex.call(`/api/v1/${path}/?page_size=100`, { token: access })).text).toContain(canary)
})

/** Sends the requests of cases. @returns the faults of their answers, and of what they changed */
async function answer(group: Case[], lanes: number): Promise<string[]> {
  const { sql, world } = setting
  const faults = await inLanes(lanes, group, async one => {
    const request = await prepared(one)
    const before = await digestOf(sql, [world.globex.schema])
    const found = faultsOf(one, await send(request))
    const changed = changedTables(before, await digestOf(sql, [world.globex.schema]))
    return aboutAll.includes(nameOf(one.route))
      ? found
      : [...found, ...changed.map(name => `${titleOf(one)}: ${name} changed`)]
  })
  return faults.flat()
}

const kept = new Map<string, Promise<Params>>()

/** The request of a case. What it may change or use up is new; the rest is shared. */
async function prepared({ route, caller, target, verdict }: Case): Promise<{ host: string; request: Request }> {
  const isUsedUp = verdict.status < 400 && route.method !== 'GET'
  const sender = isUsedUp && caller.again ? await caller.again() : caller
  const place = placeOf(route, caller, setting)
  const { make } = targetsOf(route, place, setting)
  const key = `${caller.surface} ${place.host} ${route.path.replace(/[^\]]*$/, '')} ${target}`
  const known = isUsedUp || target === 'own' ? undefined : kept.get(key)
  const made = known ?? make(sender, target === 'none' ? 'absent' : target)
  if (!isUsedUp && target !== 'own') kept.set(key, made)
  const params = await made
  if (verdict.status < 400) await prepare(route, setting, sender, params)
  return { host: caller.host, request: await requestOf(route, setting, sender, target, params) }
}

function send({ host, request: { path, headers, ...options } }: Awaited<ReturnType<typeof prepared>>): Promise<Answer> {
  const once = () =>
    setting.world.call(host, path, { ...options, headers: { ...headers, 'x-forwarded-for': nextAddress() } })
  // One that changes something may have been done before its 503.
  return options.method === 'GET' ? unlessBusy(once) : once()
}

function faultsOf(one: Case, { status, json, text }: Answer): string[] {
  const { verdict } = one
  const code = status < 400 ? undefined : (json as { code?: string } | undefined)?.code
  if (status === verdict.status && code === verdict.code) return []
  return [`${titleOf(one)}: ${status} ${text.slice(0, 150)} instead of ${verdict.status} ${verdict.code ?? ''}`]
}

function titleOf({ route, caller, target }: Case): string {
  return `${caller.name}, ${nameOf(route)}, ${target}`
}

function isByAdmin({ caller, target, verdict }: Case): boolean {
  return caller.name.startsWith('Admin on') && verdict.status < 400 && (target === 'none' || target === 'same')
}

/** Another organisation than that of a request, and ids in it; the console has its own people only. */
function elsewhere({ caller }: Case): { schema: string; ids: Record<IdField['noun'], string> } {
  const { acme, globex } = setting.world
  const { schema, staff } = caller.surface === 'console' ? acme : globex
  return { schema, ids: { user: staff.id, department: globexDepartment } }
}

function partition<Item>(items: Item[], isFirst: (item: Item) => boolean): [Item[], Item[]] {
  return [items.filter(isFirst), items.filter(item => !isFirst(item))]
}
