import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { World } from '../../support/world.ts'
import { api, createWorld, signInAs } from '../../support/world.ts'

/** Files as other systems and spreadsheets write them, each with a row for one person. */

let world: World
let admin: string
beforeAll(async () => {
  world = await createWorld()
  admin = (await signInAs(world.acme, world.acme.admin)).access
})
afterAll(() => world.stop())

const preview = (file: string | Buffer, query = '') =>
  world.acme.call(`${api}/users/import/?dry_run=true${query}`, {
    method: 'POST',
    token: admin,
    body: file,
    headers: { 'content-type': 'text/csv' },
  })

async function onlyPerson(file: string | Buffer, query = '') {
  const { status, json } = await preview(file, query)
  expect([status, json.errors]).toEqual([200, []])
  expect(json.changes).toHaveLength(1)
  const { row, email, fields } = json.changes[0]
  const values = Object.entries(fields as Record<string, { to: unknown }>).map(([field, { to }]) => [field, to])
  return { row, email, ...Object.fromEntries(values) }
}

describe('a file of another system', () => {
  test.each([
    ['with a hyphen', 'E-mail,First name,Last name\nida@example.org,Ida,Berg', {}],
    ['of a directory', 'userPrincipalName,givenName,surname\nida@example.org,Ida,Berg', {}],
    ['of a learning platform', 'username,firstname,lastname,email\nib,Ida,Berg,ida@example.org', {}],
    [
      'of an HR system',
      'Employee #,Work Email,First Name,Last Name\n77,ida@example.org,Ida,Berg',
      { employee_id: '77' },
    ],
    [
      'of an office suite',
      'First Name [Required],Last Name [Required],Email Address [Required],Password [Required],Recovery Email,Employee ID\nIda,Berg,ida@example.org,****,home@example.net,77',
      { employee_id: '77' },
    ],
    ['in Arabic', 'البريد الإلكتروني,الاسم الأول,اسم العائلة,الحالة\nida@example.org,Ida,Berg,نشط', {}],
    ['of our own labels', 'Email,First name,Last name,Status\nida@example.org,Ida,Berg,Active', {}],
  ])('%s is recognised by the usual names of columns', async (_, file, more) => {
    expect(await onlyPerson(file)).toEqual({
      row: 2,
      email: 'ida@example.org',
      first_name: 'Ida',
      last_name: 'Berg',
      ...more,
    })
  })

  test('has columns that are not imported, and the answer names them', async () => {
    const { json } = await preview('email,Phone,Phone,,Full name\nida@example.org,1,2,,Ida Berg')
    expect(json).toMatchObject({ created: 1, ignored_columns: ['Phone', 'Phone', 'Full name'] })
  })

  test('may have empty columns at its end, but no column twice that is imported', async () => {
    expect(await onlyPerson('email,first_name,,,\nida@example.org,Ida,,,\n,,,,')).toMatchObject({ first_name: 'Ida' })
    const twice = await preview('email,First name,first_name\nida@example.org,Ida,Eda')
    expect([twice.status, twice.json]).toEqual([400, { file: ['Two columns are named "First name".'] }])
  })

  test.each([
    ['a separator line, which a spreadsheet does not count', 'sep=;\nemail;first_name\nida@example.org;Ida', 2],
    ['a type line', '#TYPE Directory.User\n"email","first_name"\n"ida@example.org","Ida"', 3],
    ['a title and an empty line', 'People of Acme\n\nemail,first_name\nida@example.org,Ida', 4],
    ['a title with a comma', 'People, all of them, 2026\nemail;first_name\nida@example.org;Ida', 3],
  ])('may have %s above its header', async (_, file, row) => {
    expect(await onlyPerson(file)).toEqual({ row, email: 'ida@example.org', first_name: 'Ida' })
  })

  test('has one delimiter in all of its rows', async () => {
    expect(await onlyPerson('email;first_name;last_name\nida@example.org;Ida, Anna;Berg')).toMatchObject({
      first_name: 'Ida, Anna',
      last_name: 'Berg',
    })
  })

  test('can be long because of columns that are not imported', async () => {
    const header = ['email', ...Array.from({ length: 27 }, (_, i) => `More ${i}`)].join(',')
    const rows = Array.from({ length: 60 }, (_, i) =>
      [`p${i}@example.org`, ...Array(27).fill('x'.repeat(700))].join(','),
    )
    expect((await preview([header, ...rows].join('\n'))).json).toMatchObject({ created: 60, errors: [] })
  })
})

describe('a row with a quotation mark in the wrong place', () => {
  test.each([
    ['inside a cell', 'b@example.org,Robert "Bob",Smith'],
    ['at the start only', 'b@example.org,"Bob,Smith'],
    ['before other text', 'b@example.org,"Bob" B,Smith'],
  ])('%s is reported, and the others are imported', async (_, row) => {
    const { json } = await preview(
      `email,first_name,last_name\na@example.org,Ada,Ray\n${row}\nc@example.org,"Cy ""C""",Ray\n`,
    )
    expect(json.errors).toEqual([
      { row: 3, field: 'row', message: 'This row has a quotation mark in the wrong place.' },
    ])
    expect(json.changes).toMatchObject([
      { row: 2, email: 'a@example.org' },
      { row: 4, email: 'c@example.org', fields: { first_name: { to: 'Cy "C"' } } },
    ])
  })

  test('does not slow down the reading of the rest', async () => {
    const rows = Array.from({ length: 5_000 }, (_, i) => `p${i}@example.org,"${'x'.repeat(400)}`)
    expect((await preview(`email,first_name\n${rows.join('\n')}`)).json.errors).toHaveLength(5_000)
  })
})

describe('an encoding', () => {
  const table = 'email\tfirst_name\r\nida@example.org\tÍda\r\n'

  test('is UTF-16 if the byte order mark says so', async () => {
    const little = Buffer.from(`\uFEFF${table}`, 'utf16le')
    expect(await onlyPerson(little)).toMatchObject({ first_name: 'Ída' })
    expect(await onlyPerson(Buffer.from(little).swap16())).toMatchObject({ first_name: 'Ída' })
  })

  test('that is not Unicode is guessed in a preview, and must be confirmed for an import', async () => {
    const file = Buffer.from(table.replace('Í', '\xCD'), 'latin1')
    expect((await preview(file)).json).toMatchObject({
      encoding: 'windows-1252',
      changes: [{ fields: { first_name: { to: 'Ída' } } }],
    })
    expect(await onlyPerson(file, '&encoding=windows-1251')).toMatchObject({ first_name: 'Нda' })
    expect((await preview(file, '&encoding=klingon')).status).toBe(400)
    const send = (query: string) =>
      world.acme.call(`${api}/users/import/${query}`, {
        method: 'POST',
        token: admin,
        body: file,
        headers: { 'content-type': 'text/csv' },
      })
    expect((await send('')).json).toEqual({
      file: ['The file is not Unicode. Save it as "CSV UTF-8", or send its encoding, such as encoding=windows-1252.'],
    })
    expect((await send('?encoding=windows-1252')).json).toMatchObject({ created: 1 })
  })
})

test('our own export can be saved by a spreadsheet in another language', async () => {
  const exported = (await world.acme.call(`${api}/users/export.csv`, { token: admin })).text
  for (const [yes, no] of [
    ['WAHR', 'FALSCH'],
    ['VRAI', 'FAUX'],
    ['DOĞRU', 'YANLIŞ'],
    ['ИСТИНА', 'ЛОЖЬ'],
  ] as const) {
    const saved = exported.replaceAll(',true,', `,${yes},`).replaceAll(',false,', `,${no},`).replaceAll(',', ';')
    expect((await preview(saved)).json).toMatchObject({ created: 0, changed: 0, errors: [], changes: [] })
  }
})

test('departments whose names look the same are one department', async () => {
  const names = ['Human Resources', 'Human  Resources', 'Human\u00A0Resources', 'human Resources\u200B ']
  const rows = names.map((name, i) => `d${i}@example.org,${name}`)
  const answer = await world.acme.call(`${api}/users/import/?create_departments=true`, {
    method: 'POST',
    token: admin,
    body: ['email,department', ...rows].join('\n'),
    headers: { 'content-type': 'text/csv' },
  })
  expect(answer.json).toMatchObject({ created: 4, errors: [] })
  const { json } = await world.acme.call(`${api}/departments/?search=human`, { token: admin })
  expect(json.results).toMatchObject([{ name: 'Human Resources', people: 4 }])
  for (const name of names) {
    const again = await world.acme.call(`${api}/departments/`, { method: 'POST', token: admin, body: { name } })
    expect(again.status).toBe(400)
  }
})
