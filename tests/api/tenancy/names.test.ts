import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Answer, Call } from '../../support/http.ts'
import { unlessBusy } from '../../support/unless-busy.ts'
import type { World } from '../../support/world.ts'
import { api, createWorld, signInAs } from '../../support/world.ts'

let world: World
let owner: string

beforeAll(async () => {
  world = await createWorld()
  owner = (await signInAs(world.console, world.console.admin)).access
})
afterAll(() => world.stop())

const reserved = [
  'www',
  'api',
  'admin',
  'app',
  'console',
  'static',
  'assets',
  'mail',
  'ns1',
  'localhost',
  'public',
  'auth',
  'operator',
  'status',
  'cdn',
  'ftp',
  'test',
  'dev',
]
const malformed = [
  '_nuxt',
  '-a',
  'a-',
  'a--b--',
  'xn--',
  'xn--acm-epa',
  'ab--c',
  'a',
  'a'.repeat(41),
  'a'.repeat(64),
  'a.b',
  'a_b',
  'a b',
  'a/b',
  'acmé',
  'аcme',
  '',
  ' ',
  'a\0b',
  'a\nb',
  '..',
  '*',
  '%61b',
  'pg_catalog',
  'information_schema',
  'a;drop',
  'a"b',
  "a'b",
]

describe('a subdomain', () => {
  // NAME-01, NAME-03
  test.each([...reserved, ...reserved.map(name => name.toUpperCase()), ...malformed])(
    'that is reserved or no DNS label is refused, in making and in renaming: %j',
    async subdomain => {
      for (const answer of [await create({ subdomain }), await rename({ subdomain })]) {
        expect(answer.status).toBe(400)
        expect(Object.keys(answer.json)).toEqual(['subdomain'])
      }
    },
  )

  test.each([
    ['a number', 7],
    ['a list', ['ab']],
    ['an object', { a: 'b' }],
    ['nothing', null],
    ['true', true],
  ])('that is %s is refused', async (_what, subdomain) => {
    for (const answer of [await create({ subdomain }), await rename({ subdomain })])
      expect([answer.status, Object.keys(answer.json)]).toEqual([400, ['subdomain']])
  })

  // NAME-04
  test('is accepted in any case, and stored in lower case', async () => {
    for (const subdomain of ['acme', 'ACME', ' Acme ']) {
      expect((await create({ subdomain })).json).toEqual({ subdomain: ['This subdomain is taken.'] })
      expect((await rename({ subdomain })).json).toEqual({ subdomain: ['This subdomain is taken.'] })
    }
    // The same for a similar name.
    expect((await create({ subdomain: 'ac-me' })).json).toEqual({ subdomain: ['This subdomain is taken.'] })
    const made = await create({ subdomain: 'Ni-Ce' })
    expect([made.status, made.json.subdomain]).toEqual([201, 'ni-ce'])
  })

  test('may have digits alone, or hyphens inside', async () => {
    for (const subdomain of ['42', '5-3', 'a1', 'a-b--c', 'x'.repeat(40)])
      expect((await create({ subdomain })).status).toBe(201)
  })

  test('is given to one of many concurrent callers', async () => {
    const answers = await Promise.all(
      Array.from({ length: 4 }, (_, i) => unlessBusy(() => create({ name: `Racer ${i}`, subdomain: 'race' }))),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 400, 400, 400])
  })

  // NAME-02
  test('leads to a valid schema name, which the input cannot choose', async () => {
    for (const subdomain of ['pg-toast', 'information-schema', 'pg-catalog']) {
      const made = await create({ subdomain, schema: 'platform' })
      expect(made.status).toBe(201)
      expect(made.json.schema).toMatch(new RegExp(`^t_${subdomain.replaceAll('-', '_')}_[a-z0-9]{6}$`))
      const fixed = { schema: 'public', status: 'purging', id: world.acme.id }
      const path = `tenants/${made.json.id}/`
      const refused = await onConsole(path, { method: 'PATCH', body: { ...fixed, name: 'Refused' } })
      expect([refused.status, Object.keys(refused.json).sort()]).toEqual([400, Object.keys(fixed).sort()])
      const renamed = await onConsole(path, { method: 'PATCH', body: { name: `${subdomain} & Co` } })
      expect(renamed.json).toMatchObject({
        id: made.json.id,
        schema: made.json.schema,
        status: 'active',
        name: `${subdomain} & Co`,
      })
    }
  })
})

describe('a name', () => {
  test('belongs to one tenant, in any case', async () => {
    expect((await create({ name: 'ACME ltd' })).json).toEqual({
      name: ['An organisation with this name already exists.'],
    })
    expect((await rename({ name: 'acme LTD' })).json).toEqual({
      name: ['An organisation with this name already exists.'],
    })
    expect((await rename({ name: 'GLOBEX Corporation' })).status).toBe(200)
  })

  test.each(['', ' ', 'a\nb', 'a\0b', 'x'.repeat(151)])('that nobody could read is refused: %j', async name => {
    for (const answer of [await create({ name }), await rename({ name })])
      expect([answer.status, Object.keys(answer.json)]).toEqual([400, ['name']])
  })
})

describe("an organisation's name", () => {
  test("differs from another's by more than blanks and invisible characters", async () => {
    for (const name of [
      'Acme  Ltd',
      'Acme\u00A0Ltd',
      'Acme\u3000Ltd',
      'Ac\u200Bme Ltd',
      'Acme\u00AD Ltd',
      '\uFEFFACME Ltd',
    ]) {
      for (const answer of [await create({ name }), await rename({ name })])
        expect([name, answer.status, Object.keys(answer.json)]).toEqual([name, 400, ['name']])
    }
    expect((await create({ name: '\u202ENo\u2066rd\u2069 \uFE0FOst' })).json.name).toBe('Nord Ost')
    expect((await create({ name: '\u200B' })).json).toEqual({ name: ['This field may not be blank.'] })
    expect((await create({ name: ' Cafe\u0301  du\u00A0Nord ' })).json.name).toBe('Café du Nord')
  })
})

let made = 0
function create(fields: object): Promise<Answer> {
  const i = made++
  return onConsole('tenants/', {
    body: {
      name: `Name ${i}`,
      subdomain: `name-${i}`,
      business_email: 'office@example.com',
      admin_email: 'ann@example.com',
      ...fields,
    },
  })
}

function rename(fields: object): Promise<Answer> {
  return onConsole(`tenants/${world.globex.id}/`, { method: 'PATCH', body: fields })
}

function onConsole(path: string, options: Call = {}): Promise<Answer> {
  return world.console.call(`${api}/${path}`, { token: owner, ...options })
}
