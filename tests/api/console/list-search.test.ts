import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Answer, Call } from '../../support/http.ts'
import { outboxIsEmpty } from '../../support/data/mails.ts'
import { waitLimit } from '../../support/process/wait-limit.ts'
import { readSources } from '../../support/sources.ts'
import type { Place, World } from '../../support/world.ts'
import { addPerson, api, auth, createWorld, signInAs } from '../../support/world.ts'

let world: World
let folder: string
let admin: string
let owner: string

/** By the route's file: the list's path, and a search term that finds one row; a key's id is different each time. */
const lists: Record<string, { place: 'acme' | 'console'; path: () => string; term?: string }> = {
  'server/api/v1/archives/index.get.ts': { place: 'console', path: () => `${api}/archives/`, term: 'ACME ltd' },
  'server/api/v1/audit/index.get.ts': { place: 'acme', path: () => `${api}/audit/`, term: 'Searchable' },
  'server/api/v1/auth/users/index.get.ts': { place: 'acme', path: () => `${auth}/users/`, term: 'zoe MULLER' },
  'server/api/v1/departments/index.get.ts': { place: 'acme', path: () => `${api}/departments/`, term: 'searchABLE' },
  'server/api/v1/invitations/index.get.ts': { place: 'acme', path: () => `${api}/invitations/`, term: 'findable@' },
  'server/api/v1/jobs/runs.get.ts': { place: 'console', path: () => `${api}/jobs/runs/`, term: 'DOMAINS verify' },
  'server/api/v1/keys/index.get.ts': { place: 'console', path: () => `${api}/keys/`, term: 'acme' },
  'server/api/v1/mailbox/index.get.ts': { place: 'acme', path: () => `${api}/mailbox/`, term: 'join findable@' },
  'server/api/v1/migrations/index.get.ts': { place: 'console', path: () => `${api}/migrations/`, term: 'acme' },
  'server/api/v1/operations/index.get.ts': { place: 'console', path: () => `${api}/operations/`, term: 'export acme' },
  'server/api/v1/outbox/index.get.ts': { place: 'console', path: () => `${api}/outbox/`, term: 'invitation findable' },
  'server/api/v1/sessions/index.get.ts': { place: 'acme', path: () => `${api}/sessions/`, term: 'searchbrowser 127.0' },
  'server/api/v1/signups/index.get.ts': { place: 'console', path: () => `${api}/signups/`, term: 'initech' },
  'server/api/v1/support-accesses/index.get.ts': {
    place: 'console',
    path: () => `${api}/support-accesses/`,
    term: 'ticket 4711',
  },
  'server/api/v1/tenants/[id]/archives.get.ts': {
    place: 'console',
    path: () => `${api}/tenants/${world.acme.id}/archives/`,
    term: 'acme-',
  },
  'server/api/v1/tenants/[id]/domains/index.get.ts': {
    place: 'console',
    path: () => `${api}/tenants/${world.acme.id}/domains/`,
    term: 'STAFF.example',
  },
  'server/api/v1/tenants/[id]/keys/index.get.ts': {
    place: 'console',
    path: () => `${api}/tenants/${world.acme.id}/keys/`,
  },
  'server/api/v1/tenants/[id]/users/index.get.ts': {
    place: 'console',
    path: () => `${api}/tenants/${world.acme.id}/users/`,
    term: 'Müller',
  },
  'server/api/v1/tenants/index.get.ts': { place: 'console', path: () => `${api}/tenants/`, term: 'office@acme' },
  'server/api/v1/users/index.get.ts': { place: 'acme', path: () => `${api}/users/`, term: 'Zoë muller' },
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenantry-lists-'))
  world = await createWorld({ DEMO: '1', ACCESS_TTL: '3600', ARCHIVE_DIR: join(folder, 'archives'), SIGNUP: 'open' })
  admin = (await signInAs(world.acme, world.acme.admin)).access
  owner = (await signInAs(world.console, world.console.admin)).access
  await world.acme.call(`${auth}/jwt/create/`, {
    body: world.acme.admin,
    headers: { 'user-agent': 'SearchBrowser/1.0' },
  })
  const { id } = await addPerson(world, world.acme, 'zoe@example.org')
  const made = await Promise.all([
    at('acme', `${auth}/users/${id}/`, { method: 'PATCH', body: { first_name: 'Zoë', last_name: 'Müller' } }),
    at('acme', `${api}/departments/`, { body: { name: 'Searchable' } }),
    at('acme', `${api}/departments/`, { body: { name: 'Other' } }),
    at('acme', `${api}/invitations/`, { body: { email: 'findable@example.org' } }),
    at('acme', `${api}/invitations/`, { body: { email: 'other@example.org' } }),
    world.call('localhost', `${api}/signup/`, {
      body: { name: 'Initech', subdomain: 'initech', email: 'peter@example.org' },
    }),
    at('console', `${api}/tenants/${world.acme.id}/domains/`, { body: { host: 'staff.example.org' } }),
    at('console', `${api}/tenants/${world.acme.id}/support-accesses/`, { body: { user: id, reason: 'Ticket 4711' } }),
    at('console', `${api}/tenants/${world.acme.id}/exports/`, { method: 'POST' }),
  ])
  for (const answer of made) expect(answer.status).toBeLessThan(300)
})
afterAll(async () => {
  await world.stop()
  await rm(folder, { recursive: true, force: true })
})

test('every list is tested here', async () => {
  const files = readSources('server/api/**/*.ts')
    .filter(({ code }) => /\b(?:readPage|pageOf)\(|\bnext: null\b/.test(code))
    .map(({ file }) => file)
  expect(Object.keys(lists).sort()).toEqual(files.sort())
  await outboxIsEmpty(world)
  await expect.poll(async () => (await at('console', `${api}/archives/`)).json.count).toBe(1)
  await expect
    .poll(async () => {
      await at('console', `${api}/jobs/verify-domains/runs/`, { method: 'POST' })
      return (await at('console', `${api}/jobs/runs/`)).json.count
    }, waitLimit)
    .toBeGreaterThan(0)
})

describe.each(Object.entries(lists))('%s', (_file, { place, path, term: fixed }) => {
  const findTerm = async (): Promise<string> => fixed ?? (await at(place, path())).json.results[0].kid
  const search = (words: string) => at(place, `${path()}?search=${encodeURIComponent(words)}`)

  test('finds what the search is about', async () => {
    const all = (await at(place, path())).json
    const { status, json } = await search(await findTerm())
    expect(status).toBe(200)
    expect(json.count).toBeGreaterThan(0)
    expect(json.count).toBeLessThanOrEqual(all.count)
    expect(json.results).toHaveLength(json.count)
  })

  test('is empty where no word, or one word too many, is found', async () => {
    const term = await findTerm()
    for (const words of ['nothing-is-called-this', `${term} nothing-is-called-this`]) {
      expect((await search(words)).json).toMatchObject({ count: 0, next: null, previous: null, results: [] })
    }
  })

  test('is the same without a search and for a blank one', async () => {
    expect((await search(' \u200B ')).json.count).toBe((await search('')).json.count)
  })
})

test("the users' list of one organisation finds nobody of another", async () => {
  const globex = (await signInAs(world.globex, world.globex.admin)).access
  expect((await world.globex.call(`${auth}/users/?search=zoe`, { token: globex })).json.count).toBe(0)
  const staff = (await signInAs(world.acme, world.acme.staff)).access
  expect((await world.acme.call(`${auth}/users/?search=zoe`, { token: staff })).json.count).toBe(0)
  expect((await world.acme.call(`${auth}/users/?search=ben`, { token: staff })).json.count).toBe(1)
})

function at(name: 'acme' | 'console', path: string, options: Call = {}): Promise<Answer> {
  const place: Place = world[name]
  return place.call(path, { token: name === 'acme' ? admin : owner, ...options })
}
