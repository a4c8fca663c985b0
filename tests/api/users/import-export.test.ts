import { parse } from 'csv-parse/sync'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { newId } from '#server/database/ids.ts'
import type { Answer, Call } from '../../support/http.ts'
import type { Place, World } from '../../support/world.ts'
import { volume } from '../../support/volume.ts'
import { addPerson, api, auth, createWorld, realmOf, signInAs } from '../../support/world.ts'

const header = [
  'email',
  'first_name',
  'last_name',
  'employee_id',
  'department',
  'role',
  'is_active',
  'date_joined',
  'last_login',
]
const exportPath = `${api}/users/export.csv`
const importPath = `${api}/users/import/`

let world: World
let admin: string
let staff: string
let globexAdmin: string
let round = 0
beforeAll(async () => {
  world = await createWorld({ ACCESS_TTL: '3600' })
  admin = (await signInAs(world.acme, world.acme.admin)).access
  staff = (await signInAs(world.acme, world.acme.staff)).access
  globexAdmin = (await signInAs(world.globex, world.globex.admin)).access
})
afterAll(() => world.stop())
beforeEach(() => {
  round++
})

describe('the directory as a CSV file', () => {
  test('can be exported by an Admin of the organisation, as UTF-8 with a byte order mark', async () => {
    await addPerson(world, world.acme, 'zoë@example.com')
    const answer = await acme(exportPath, { token: admin })
    expect(answer).toMatchObject({
      status: 200,
      headers: {
        'content-type': 'text/csv; charset=utf-8; header=present',
        'content-disposition': 'attachment; filename="people.csv"',
        'cache-control': 'private, no-store',
      },
    })
    expect(answer.bytes.subarray(0, 3)).toEqual(Buffer.from([0xef, 0xbb, 0xbf]))
    const [first, ...rows] = rowsOf(answer)
    expect(first).toEqual(header)
    expect(rows.map(row => row[0])).toEqual(
      expect.arrayContaining(['ann@example.com', 'ben@example.com', 'zoë@example.com']),
    )
    expect(answer.text).not.toMatch(/\$2b\$/)
    expect((await acme(exportPath, { token: staff })).status).toBe(403)
    expect((await acme(exportPath)).status).toBe(401)
    expect(rowsOf(await world.globex.call(exportPath, { token: globexAdmin })).map(row => row[0])).toEqual([
      'email',
      'ann@example.com',
      'ben@example.com',
    ])
  })

  test("has the directory's search and filters", async () => {
    expect(
      rowsOf(await acme(`${exportPath}?search=ben`, { token: admin }))
        .slice(1)
        .map(row => row[0]),
    ).toEqual(['ben@example.com'])
    expect(
      rowsOf(await acme(`${exportPath}?role=Admin`, { token: admin }))
        .slice(1)
        .map(row => row[0]),
    ).toEqual(['ann@example.com'])
    expect(rowsOf(await acme(`${exportPath}?search=nobody`, { token: admin }))).toEqual([header])
    expect((await acme(`${exportPath}?role=King`, { token: admin })).status).toBe(400)
  })

  test('is whole where it is long', async () => {
    const {
      db,
      tables: { users },
    } = realmOf(world.app, world.globex).realm
    const joined = new Date()
    await db.insert(users).values(
      Array.from({ length: 1_234 }, (_, i) => ({
        id: newId(),
        email: `long${i}@example.com`,
        first_name: 'Long',
        last_name: `Row ${i}`,
        date_joined: joined,
      })),
    )
    const exported = rowsOf(await world.globex.call(`${exportPath}?search=long`, { token: globexAdmin }))
      .slice(1)
      .map(row => row[0])
    expect(exported).toHaveLength(1_234)
    expect(new Set(exported).size).toBe(1_234)
    expect(
      (await world.globex.call(`${api}/users/?search=row%2077&page_size=100`, { token: globexAdmin })).json.count,
    ).toBeGreaterThan(10)
  })

  test('is written into the record', async () => {
    await acme(exportPath, { token: admin })
    expect(
      (await acme(`${api}/audit/?action=users.exported&page_size=1`, { token: admin })).json.results[0],
    ).toMatchObject({ actor: world.acme.admin.id })
  })
})

test("the record as a file has the list's filters", async () => {
  const answer = await acme(`${api}/audit/export.csv?action=session.opened`, { token: admin })
  const [first, ...rows] = rowsOf(answer)
  expect(first).toEqual([
    'id',
    'created',
    'action',
    'actor',
    'actor_email',
    'support',
    'subject',
    'subject_name',
    'ip',
    'details',
  ])
  expect(rows.length).toBeGreaterThan(1)
  expect(rows.every(row => row[2] === 'session.opened')).toBe(true)
  expect([...rows].sort((a, b) => b[1]!.localeCompare(a[1]!))).toEqual(rows)
})

describe("the export of a user's own data", () => {
  test("has the user's profile, sessions and events, and nobody else's", async () => {
    await acme(`${auth}/users/${world.acme.staff.id}/`, { method: 'PATCH', token: admin, body: { first_name: 'Ben' } })
    const answer = await acme(`${auth}/users/me/export/`, { token: staff })
    expect(answer).toMatchObject({
      status: 200,
      headers: { 'content-disposition': 'attachment; filename="my-data.json"' },
    })
    const { profile, sessions, events } = answer.json
    expect(profile).toMatchObject({ id: world.acme.staff.id, email: 'ben@example.com' })
    expect(sessions).toEqual([expect.objectContaining({ ip: '127.0.0.1', revoked_at: null })])
    expect(events.map((event: { action: string }) => event.action)).toEqual(
      expect.arrayContaining(['user.created', 'session.opened', 'user.changed']),
    )
    // An Admin's address is not changed by an import.
    expect(events.find((event: { action: string }) => event.action === 'user.changed')).toMatchObject({
      actor: world.acme.admin.id,
      ip: null,
    })
    expect(answer.text).not.toMatch(/password"|\$2b\$|token/)
    expect((await acme(`${auth}/users/me/export/`)).status).toBe(401)
  })
})

describe('an import', () => {
  test('creates, changes, skips and reports; a second time it changes nothing', async () => {
    const old = await addPerson(world, world.acme, mail('old'))
    const file = csv('email,first_name,last_name,employee_id,department,role,is_active', [
      `${mail('new').toUpperCase()}, Nia ,Nkosi,N-${round},Import ${round},Admin,yes`,
      `${mail('old')},Olu,Okafor,O-${round},,Staff,TRUE`,
      `${mail('plain')},,,,,,`,
      `not an address,X,Y,,,,`,
      `${mail('role')},X,Y,,,King,`,
      `${mail('bool')},X,Y,,,,maybe`,
    ])
    const preview = await send(file, '?dry_run=true&create_departments=true')
    expect(preview.status).toBe(200)
    expect(preview.json).toEqual({
      created: 2,
      changed: 1,
      unchanged: 0,
      errors: [
        { row: 5, field: 'email', message: 'Enter a valid email address.' },
        { row: 6, field: 'role', message: '"King" is not a valid choice.' },
        { row: 7, field: 'is_active', message: 'Must be a valid boolean.' },
      ],
      changes: [
        {
          row: 2,
          action: 'create',
          email: mail('new'),
          fields: {
            first_name: { from: null, to: 'Nia' },
            last_name: { from: null, to: 'Nkosi' },
            employee_id: { from: null, to: `N-${round}` },
            department: { from: null, to: `Import ${round}` },
            role: { from: null, to: 'Admin' },
          },
        },
        {
          row: 3,
          action: 'change',
          email: mail('old'),
          fields: {
            first_name: { from: '', to: 'Olu' },
            last_name: { from: '', to: 'Okafor' },
            employee_id: { from: null, to: `O-${round}` },
          },
        },
        { row: 4, action: 'create', email: mail('plain'), fields: {} },
      ],
      ignored_columns: [],
      encoding: 'utf-8',
    })
    expect(await person(mail('new'))).toBeUndefined()
    expect((await acme(`${api}/departments/?search=import`, { token: admin })).json.count).toBe(0)

    const done = await send(file, '?create_departments=true')
    expect(done.json).toEqual(preview.json)
    expect(await person(mail('new'))).toMatchObject({
      first_name: 'Nia',
      employee_id: `N-${round}`,
      role: 'Admin',
      is_active: true,
      department: { name: `Import ${round}` },
    })
    expect(await person(mail('old'))).toMatchObject({
      id: old.id,
      first_name: 'Olu',
      employee_id: `O-${round}`,
      role: 'Staff',
    })

    expect((await send(file, '?create_departments=true')).json).toMatchObject({
      created: 0,
      changed: 0,
      unchanged: 3,
      errors: preview.json.errors,
      changes: [],
    })
    const { json } = await acme(`${api}/audit/?action=users.imported&page_size=2`, { token: admin })
    expect(json.results.map((event: { details: object }) => event.details)).toEqual([
      { created: 0, changed: 0, unchanged: 3, errors: 3 },
      { created: 2, changed: 1, unchanged: 0, errors: 3 },
    ])
    await world.acme.call(`${auth}/users/${(await person(mail('new')))!.id}/`, {
      method: 'PATCH',
      token: admin,
      body: { role: 'Staff' },
    })
  })

  test('of an export changes nothing, formulas and all', async () => {
    const odd = await addPerson(world, world.acme, mail('odd'))
    await acme(`${auth}/users/${odd.id}/`, {
      method: 'PATCH',
      token: admin,
      body: { first_name: '=1+1', last_name: '\'-"quoted", really', employee_id: `@${round}` },
    })
    const file = (await acme(exportPath, { token: admin })).bytes
    const { json } = await send(file)
    expect(json).toMatchObject({ created: 0, changed: 0, errors: [], changes: [] })
    expect(json.unchanged).toBeGreaterThan(3)
  })

  test('finds users by employee_id, and never changes their address', async () => {
    await send(csv('email,employee_id', [`${mail('a')},A-${round}`, `${mail('b')},B-${round}`]))
    const answer = await send(
      csv('email,employee_id,last_name', [
        `${mail('a')},A-${round},Same`,
        `${mail('elsewhere')},B-${round},Moved`,
        `${mail('a')},C-${round},Twice`,
      ]),
    )
    expect(answer.json).toMatchObject({
      created: 0,
      changed: 1,
      errors: [
        {
          row: 3,
          field: 'email',
          message: 'The person with this employee ID has another e-mail address, which only that person can change.',
        },
        { row: 4, field: 'email', message: 'Row 2 has the same.' },
      ],
    })
    // One person gives up their number and another gets it, in the same file.
    expect((await send(csv('email,employee_id', [`${mail('a')},`, `${mail('b')},A-${round}`]))).json).toMatchObject({
      changed: 2,
      errors: [],
    })
    expect(await person(mail('b'))).toMatchObject({ employee_id: `A-${round}` })
  })

  test('finds a department by its name, in any case, and creates one only when told to', async () => {
    const rows = csv('email,department', [`${mail('d')},team ${round}`, `${mail('e')},TEAM ${round}`])
    expect((await send(rows)).json).toMatchObject({
      created: 0,
      errors: [{ row: 2, field: 'department', message: `There is no department "team ${round}".` }, { row: 3 }],
    })
    expect((await send(rows, '?create_departments=true')).json).toMatchObject({ created: 2, errors: [] })
    const { results } = (await acme(`${api}/departments/?search=team`, { token: admin })).json
    expect(results).toMatchObject([{ name: `team ${round}`, people: 2 }])
    expect((await send(rows)).json).toMatchObject({ unchanged: 2 })
  })

  test('leaves the last Admin an Admin, and imports the other rows', async () => {
    const file = csv('email,role,is_active', ['ann@example.com,Staff,', `${mail('other')},Staff,`])
    for (const query of ['?dry_run=true', '']) {
      expect((await send(file, query)).json).toMatchObject({
        created: 1,
        errors: [
          { row: 2, field: 'role', message: 'The last active Admin cannot be demoted, deactivated or deleted.' },
        ],
      })
    }
    expect((await send(csv('email,is_active', ['ann@example.com,false']))).json).toMatchObject({
      changed: 0,
      errors: [{ row: 2, field: 'is_active' }],
    })

    const two = csv('email,role', [`${mail('second')},Admin`, 'ann@example.com,Staff', `${mail('second')},Admin`])
    expect((await send(two, '?dry_run=true')).json).toMatchObject({
      created: 1,
      changed: 1,
      errors: [{ row: 4, field: 'email' }],
    })
  })

  test('ends the sessions of those whom it deactivates', async () => {
    const someone = await addPerson(world, world.acme, mail('leaving'))
    const { access } = await signInAs(world.acme, someone)
    expect((await send(csv('email,is_active', [`${mail('leaving')},no`]))).json).toMatchObject({ changed: 1 })
    expect((await acme(`${auth}/users/me/`, { token: access })).status).toBe(401)
    expect((await send(csv('email,is_active', [`${mail('leaving')},1`]))).json).toMatchObject({ changed: 1 })
    expect((await acme(`${auth}/users/me/`, { token: access })).json.code).toBe('session_revoked')
  })

  test('sends a new user a mail with a link to set a password, unless they are inactive', async () => {
    await send(csv('email,is_active', [`${mail('in')},true`, `${mail('out')},false`]))
    const rows = await world.app.database.platform.db.execute<{ recipient: string }>(
      `select recipient from platform.outbox where kind = 'welcome'` as never,
    )
    expect(rows.map(row => row.recipient).filter(recipient => recipient.includes(`.${round}@`))).toEqual([mail('in')])
  })

  test('can be run only by an Admin, and stays in their organisation', async () => {
    const file = csv('email,employee_id', [`${mail('mine')},M-${round}`])
    expect((await send(file, '', world.acme, staff)).status).toBe(403)
    expect((await send(file, '', world.acme, globexAdmin)).status).toBe(401)
    expect((await send(file)).json.created).toBe(1)
    expect((await send(file, '', world.globex, globexAdmin)).json).toMatchObject({ created: 1, errors: [] })
    const here = await person(mail('mine'))
    const there = (
      await world.globex.call(`${api}/users/?search=${encodeURIComponent(mail('mine'))}`, { token: globexAdmin })
    ).json.results[0]
    expect(here!.id).not.toBe(there.id)
  })

  test('runs twice at once without harm', async () => {
    const file = csv(
      'email,department',
      Array.from({ length: 300 }, (_, i) => `${mail(`twin${i}`)},Twins ${round}`),
    )
    // Only one runs at a time; on a slow machine the other one is answered 409 `busy`.
    const sendInTurn = async (): Promise<Answer> => {
      const answer = await send(file, '?create_departments=true')
      return answer.status === 409 && answer.json.code === 'busy' ? sendInTurn() : answer
    }
    const both = await Promise.all([1, 2].map(sendInTurn))
    expect(both.map(answer => answer.status)).toEqual([200, 200])
    expect(both.reduce((sum, answer) => sum + answer.json.created, 0)).toBe(300)
    expect(both.reduce((sum, answer) => sum + answer.json.unchanged, 0)).toBe(300)
  })

  test('reads the formats of spreadsheets', async () => {
    const semicolons = `\uFEFFEmail;First name;Last name;Is active\r\n${mail('semi')};"Ana; Maria";"O""Hara";WAHR\r\n;;;\r\n${mail('tail')};T;L;ja\r\n`
    expect((await send(semicolons)).json).toMatchObject({
      created: 1,
      errors: [{ row: 4, field: 'is_active' }],
    })
    expect((await send(semicolons.replace('ja', 'FALSCH'))).json).toMatchObject({ created: 1, errors: [] })
    expect(await person(mail('semi'))).toMatchObject({ first_name: 'Ana; Maria', last_name: 'O"Hara' })
    expect((await send(`email\tfirst_name\n${mail('tabs')}\tTab`)).json).toMatchObject({ created: 1 })
  })

  test('of a file that is not a list of people is refused completely', async () => {
    const files = {
      'nothing': '',
      'no e-mail': 'name\nAnn',
      'a column twice': 'email,email\na@b.test,c@d.test',
      'too many': `email\n${Array.from({ length: 5_001 }, (_, i) => `m${i}@b.test`).join('\n')}`,
      'not Unicode': Buffer.from('email,first_name\na@b.test,Ren\xE9', 'latin1'),
      'a workbook': Buffer.from('PK\x03\x04workbook'),
    }
    for (const [name, file] of Object.entries(files)) {
      const answer = await send(file)
      expect([name, answer.status, Object.keys(answer.json)]).toEqual([name, 400, ['file']])
    }
    expect((await send(`email,first_name\n${'x'.repeat(8_000_001)}`)).status).toBe(413)
    expect((await acme(importPath, { token: admin, body: { email: 'a@b.test' } })).status).toBe(415)
    expect(
      (
        await acme(`${api}/departments/`, {
          method: 'POST',
          token: admin,
          body: 'name\nX',
          headers: { 'content-type': 'text/csv' },
        })
      ).status,
    ).toBe(415)
    expect((await send('email\na@b.test', '?dry_run=perhaps')).status).toBe(400)
  })

  test('treats cells as data', async () => {
    const answer = await send(
      csv('email,first_name,__proto__,constructor,role', [
        `${mail('x')},"'; drop table users; --",polluted,polluted,`,
        `${mail('y')},constructor,,,constructor`,
        `${mail('z')},"two\nlines",,,`,
        `${mail('w')},nul\0,,,`,
        `${mail('v')},${'x'.repeat(151)},,,`,
        `${mail('u')},many,,,,more`,
      ]),
    )
    expect(answer.json).toMatchObject({
      created: 1,
      errors: [
        { row: 3, field: 'role' },
        { row: 4, field: 'first_name' },
        { row: 5, field: 'first_name' },
        { row: 6, field: 'first_name' },
        { row: 7, field: 'row' },
      ],
    })
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  })

  test('of five thousand people is one request', async () => {
    const rows = Array.from({ length: 5_000 }, (_, i) => `bulk${i}@big.test,First ${i},Last ${i},BULK-${i}`)
    const file = (count: number) => csv('email,first_name,last_name,employee_id', rows.slice(0, count))
    const added = volume(400, 5_000)
    const {
      db,
      tables: { users },
    } = realmOf(world.app, world.globex).realm
    const before = await db.$count(users)
    expect((await send(file(added), '', world.globex, globexAdmin)).json).toMatchObject({ created: added, errors: [] })
    expect(await db.$count(users)).toBe(before + added)
    const { json } = await send(file(5_000), '?dry_run=true', world.globex, globexAdmin)
    expect(json).toMatchObject({ created: 5_000 - added, changed: 0, unchanged: added, errors: [] })
    expect(json.changes).toHaveLength(5_000 - added)
  })
})

function csv(columns: string, rows: string[]): string {
  return [columns, ...rows].join('\r\n')
}

function send(file: string | Uint8Array, query = '', place: Place = world.acme, token = admin): Promise<Answer> {
  return place.call(importPath + query, { method: 'POST', token, body: file, headers: { 'content-type': 'text/csv' } })
}

/** An address that no other test uses. */
function mail(name: string): string {
  return `${name}.${round}@import.test`
}

async function person(email: string) {
  const { json } = await acme(`${api}/users/?search=${encodeURIComponent(email)}`, { token: admin })
  return json.results[0] as { id: string; [field: string]: unknown } | undefined
}

function rowsOf(answer: Answer): string[][] {
  expect(answer.status).toBe(200)
  return parse(answer.bytes, { bom: true })
}

function acme(path: string, options?: Call): Promise<Answer> {
  return world.acme.call(path, options)
}
