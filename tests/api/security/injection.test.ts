import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'csv-parse/sync'
import type { Answer, Call } from '../../support/http.ts'
import { linesSince } from '../../support/process/log-lines.ts'
import { sendRaw } from '../../support/raw-http.ts'
import type { World } from '../../support/world.ts'
import { addPerson, api, auth, createWorld, signInAs } from '../../support/world.ts'

const directory = `${api}/users/`
const quotes = [
  "'",
  '"',
  "'; drop table users; --",
  "' or '1'='1",
  '1) or (1=1',
  '$1',
  '%27',
  "\\'",
  '/*',
  '{{7*7}}',
  '${7*7}',
  '`id`',
]
const scripts = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  '</script><script>alert(1)</script>',
  'javascript:alert(1)',
  '<svg/onload=alert(1)>',
  "{{constructor.constructor('alert(1)')()}}",
  "'-alert(1)-'",
  '&lt;script&gt;',
  '<!--',
  ']]>',
  '<a href="//evil.test">x</a>',
]

let world: World
let admin: string
let staff: string
let globexAdmin: string
beforeAll(async () => {
  world = await createWorld({ ACCESS_TTL: '3600' })
  admin = (await signInAs(world.acme, world.acme.admin)).access
  staff = (await signInAs(world.acme, world.acme.staff)).access
  globexAdmin = (await signInAs(world.globex, world.globex.admin)).access
})
afterAll(() => world.stop())

describe('a search, INJ-04', () => {
  test('takes %, _ and \\ for themselves', async () => {
    await addNamed('fifty@example.com', '50% off', 'under_score')
    await addNamed('slash@example.com', 'back\\slash', 'Plain')
    expect(await found('%')).toEqual(['fifty@example.com'])
    expect(await found('50%')).toEqual(['fifty@example.com'])
    expect(await found('_')).toEqual(['fifty@example.com'])
    expect(await found('r_s')).toEqual(['fifty@example.com'])
    expect(await found('\\')).toEqual(['slash@example.com'])
    expect(await found('k\\s')).toEqual(['slash@example.com'])
    expect(await found('\\%')).toEqual([])
    expect(await found('%example%')).toEqual([])
  })

  test('ignores case, and finds each of several words anywhere', async () => {
    await addNamed('oezil@example.com', 'Ümit', 'ÖZDEMIR')
    expect(await found('özdemir ümit')).toEqual(['oezil@example.com'])
    expect(await found('ÖZDE oezil@EXAMPLE')).toEqual(['oezil@example.com'])
    expect(await found('özdemirümit')).toEqual([])
  })

  test('of impossible text is 400, never 500', async () => {
    for (const path of [directory, `${api}/audit/`, `${api}/departments/`]) {
      expect((await acme(`${path}?search=${'x'.repeat(10_000)}`, { token: admin })).status).toBe(400)
      expect((await acme(`${path}?search=%00`, { token: admin })).status).toBe(400)
      expect((await acme(`${path}?search=${'%20'.repeat(100)}`, { token: admin })).status).toBe(200)
      expect((await acme(`${path}?search=${'%25'.repeat(200)}`, { token: admin })).status).toBe(200)
      // Half a surrogate pair, and bytes that are not UTF-8: invalid text.
      for (const bytes of ['%ED%A0%80', '%FF', '%C0%AF'])
        expect((await acme(`${path}?search=${bytes}`, { token: admin })).status).toBeOneOf([200, 400])
    }
  })

  test('treats every text as data', async () => {
    const everyone = (await acme(directory, { token: admin })).json.count
    for (const quote of quotes) {
      const answer = await acme(`${directory}?search=${encodeURIComponent(quote)}`, { token: admin })
      expect([quote, answer.status, answer.json.count]).toEqual([quote, 200, 0])
    }
    expect((await acme(directory, { token: admin })).json.count).toBe(everyone)
  })

  test('of Staff finds nobody by employee_id', async () => {
    await acme(`${auth}/users/${world.acme.staff.id}/`, {
      method: 'PATCH',
      token: admin,
      body: { employee_id: 'Canary-77' },
    })
    expect(await found('canary-77')).toEqual(['ben@example.com'])
    expect((await acme(`${directory}?search=canary-77`, { token: staff })).json.count).toBe(0)
  })
})

describe('other parameters', () => {
  test('order only by the offered fields, INJ-03', async () => {
    for (const ordering of [
      'password',
      'email;select 1',
      '(select 1)',
      '-email,password',
      'email desc',
      '--email',
      'search',
      '__proto__',
      'constructor',
      '1',
    ]) {
      const answer = await acme(`${directory}?ordering=${encodeURIComponent(ordering)}`, { token: admin })
      expect([ordering, answer.status, Object.keys(answer.json)]).toEqual([ordering, 400, ['ordering']])
    }
    expect((await acme(`${directory}?ordering=-email,`, { token: admin })).status).toBe(200)
    expect((await acme(`${directory}?ordering[]=password`, { token: admin })).status).toBeOneOf([200, 400])
  })

  test('are bounded, and never choose fields, AZ-14', async () => {
    expect((await acme(`${directory}?page_size=1000000000`, { token: admin })).json.results.length).toBeLessThanOrEqual(
      100,
    )
    for (const page of ['-1', '0', 'NaN', '1e9', '99999999999999999999', "' or 1=1"]) {
      expect(await acme(`${directory}?page=${encodeURIComponent(page)}`, { token: admin })).toMatchObject({
        status: 404,
        json: { detail: 'Invalid page.' },
      })
    }
    expect(await acme(`${directory}?page=999`, { token: admin })).toMatchObject({
      status: 404,
      json: { detail: 'Invalid page.' },
    })
    const { text } = await acme(`${directory}?fields=password&expand=password&search=ben`, { token: admin })
    expect(text).not.toMatch(/password|\$2b\$|"search"/)
  })

  test('that are SQL are not executed, INJ-05', async () => {
    // Longer than the statement timeout: an executed sleep would be answered 503.
    const sleeper = "'||(select pg_sleep(600))||'"
    const paths = ['search', 'ordering', 'department', 'role', 'is_active', 'page', 'page_size'].map(
      name => `${directory}?${name}=${encodeURIComponent(sleeper)}`,
    )
    const answers = await Promise.all(paths.map(path => acme(path, { token: admin })))
    expect(answers.every(({ status }) => [200, 400, 404].includes(status))).toBe(true)
  })

  test('in a path are no SQL either', async () => {
    for (const id of quotes) {
      for (const path of ['users', 'departments', 'auth/users', 'sessions']) {
        expect(
          (
            await acme(`${api}/${path}/${encodeURIComponent(id)}/`, {
              token: admin,
              method: path === 'sessions' ? 'DELETE' : 'GET',
            })
          ).status,
        ).toBe(404)
      }
    }
  })
})

describe('what is stored', () => {
  test('comes back as it was sent, as JSON and nothing else, WEB-05', async () => {
    for (const [i, script] of [...scripts, ...quotes].entries()) {
      const id = (await addPerson(world, world.acme, `xss${i}@example.com`)).id
      const employee_id = `${i} ${script}`.slice(0, 64)
      const change = { first_name: script, last_name: script, employee_id }
      expect((await acme(`${auth}/users/${id}/`, { method: 'PATCH', token: admin, body: change })).status).toBe(200)
      const department = await acme(`${api}/departments/`, { token: admin, body: { name: `${i} ${script}` } })
      expect(department.json.name).toBe(`${i} ${script}`)
      for (const path of [`${auth}/users/${id}/`, `${api}/users/${id}/`]) {
        const answer = await acme(path, { token: admin })
        expect(answer.json).toMatchObject(change)
        expect(answer.headers).toMatchObject({
          'content-type': 'application/json',
          'x-content-type-options': 'nosniff',
        })
      }
    }
    expect((await world.globex.call(directory, { token: globexAdmin })).text).not.toMatch(/alert/)
  })

  test('has no line break, however it is spelt', async () => {
    for (const name of ['a\u2028alert(1)\u2029z', 'a\r\nb', 'a\nb', 'a\u0085b', 'a\tb']) {
      const answer = await acme(`${auth}/users/me/`, { method: 'PATCH', token: staff, body: { first_name: name } })
      expect(answer).toMatchObject({ status: 400, json: { first_name: [expect.stringMatching(/are not allowed\.$/)] } })
    }
  })

  test('is not executed in a spreadsheet', async () => {
    const formulas = ['=1+1', '+1', '-1', '@SUM(A1)', "=cmd|' /C calc'!A0", '＝1+1', "'=1"]
    for (const [i, formula] of formulas.entries()) {
      const { id } = await addPerson(world, world.acme, `formula${i}@example.com`)
      await acme(`${auth}/users/${id}/`, {
        method: 'PATCH',
        token: admin,
        body: { first_name: formula, last_name: `"${formula},;` },
      })
    }
    const { text } = await acme(`${directory}export.csv?search=formula&ordering=email`, { token: admin })
    const [, ...rows] = parse(text, { bom: true }) as string[][]
    expect(rows.map(row => row[1])).toEqual(formulas.map(formula => `'${formula}`))
    expect(rows.flat().filter(cell => /^[=+\-@\t\r]/.test(cell))).toEqual([])
  })
})

describe('the log, INJ-06', () => {
  test('has one line for one event, whatever an address or a user agent says', async () => {
    const forged = '\r\n{"level":"fatal","event":"forged"}'
    const lines = world.server.log.length
    await acme(`${auth}/jwt/create/`, { body: { email: `forger${forged}@example.com`, password: 'x' } })
    await acme(`${auth}/jwt/create/`, { body: { email: 'forger@example.com', password: forged } })
    await sendRaw(world.port, [
      `GET ${api}/users/?search=%0d%0a%7B%22event%22:%22forged%22%7D HTTP/1.1`,
      `Host: ${world.acme.host}`,
      'User-Agent: \x1B[31m{"event":"forged"}',
      `Authorization: Bearer ${admin}`,
    ])
    await acme(`${api}/users/%0d%0a%7B%22event%22:%22forged%22%7D/`, { token: admin })
    const added = await linesSince(world, lines)
    expect(added.filter(line => line.level === 'fatal' || line.level === 'text' || line.event === 'forged')).toEqual([])
  })
})

async function addNamed(email: string, first_name: string, last_name: string): Promise<void> {
  const { id } = await addPerson(world, world.acme, email)
  expect(
    (await acme(`${auth}/users/${id}/`, { method: 'PATCH', token: admin, body: { first_name, last_name } })).status,
  ).toBe(200)
}

async function found(search: string): Promise<string[]> {
  const answer = await acme(`${directory}?search=${encodeURIComponent(search)}`, { token: admin })
  expect(answer.status).toBe(200)
  return answer.json.results.map((person: { email: string }) => person.email)
}

function acme(path: string, options?: Call): Promise<Answer> {
  return world.acme.call(path, options)
}
