import { globSync } from 'node:fs'
import { connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newId } from '#server/database/ids.ts'
import type { Answer } from '../../support/http.ts'
import { sendRaw } from '../../support/raw-http.ts'
import type { World } from '../../support/world.ts'
import { api, auth, createWorld, realmOf, signInAs, signInWithCookies } from '../../support/world.ts'

const me = `${auth}/users/me/`
const page = { accept: 'text/html' }
const notFound = { status: 404, text: '{"detail":"Not found."}' }
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
/** Names that a search must take literally. */
const oddNames = ['100%', 'a_b', 'back\\slash', "O'Neil", 'say "hi"', '(paren', '[brack', '%', '_', 'émile']

let world: World
let admin: string
let staff: string
let operator: string
beforeAll(async () => {
  world = await createWorld({ ACCESS_TTL: '3600' })
  admin = (await signInAs(world.acme, world.acme.admin)).access
  staff = (await signInAs(world.acme, world.acme.staff)).access
  operator = (await signInAs(world.console, world.console.admin)).access
  const { realm } = realmOf(world.app, world.acme)
  const now = new Date()
  await realm.db.insert(realm.tables.users).values(
    Array.from({ length: 110 }, (_, i) => ({
      id: newId(),
      email: `person${i}@example.org`,
      first_name: 'Person',
      last_name: oddNames[i] ?? `Number ${i % 7}`,
      employee_id: `E-${i}`,
      date_joined: now,
      activated_at: now,
    })),
  )
})
afterAll(() => world.stop())

describe('an error', () => {
  test.each<[string, () => Promise<Answer>, number, string]>([
    ['no credentials', () => world.acme.call(me), 401, '{"detail":"Authentication credentials were not provided."}'],
    [
      'a wrong password',
      () => world.acme.call(`${auth}/jwt/create/`, { body: { email: 'ann@example.com', password: 'x' } }),
      401,
      '{"detail":"No active account found with the given credentials"}',
    ],
    [
      'no permission',
      () => world.acme.call(`${api}/sessions/?user=${world.acme.admin.id}`, { token: staff }),
      403,
      '{"detail":"You do not have permission to perform this action."}',
    ],
    ['nothing there', () => world.acme.call(`${api}/nothing/`), 404, '{"detail":"Not found."}'],
    [
      'no such page of a list',
      () => world.acme.call(`${api}/users/?page=99`, { token: staff }),
      404,
      '{"detail":"Invalid page."}',
    ],
    [
      'a method that is not there',
      () => world.acme.call(`${auth}/jwt/create/`),
      405,
      '{"detail":"Method \\"GET\\" not allowed."}',
    ],
    [
      'the last admin',
      () =>
        world.acme.call(`${auth}/users/${world.acme.admin.id}/`, {
          method: 'PATCH',
          token: admin,
          body: { role: 'Staff' },
        }),
      409,
      '{"detail":"The last active Admin cannot be demoted, deactivated or deleted.","code":"last_admin"}',
    ],
    [
      'a form',
      () =>
        world.acme.call(`${auth}/jwt/create/`, {
          body: 'a=b',
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
        }),
      415,
      '{"detail":"Unsupported media type \\"application/x-www-form-urlencoded\\" in request."}',
    ],
  ])("has Django REST framework's text, as JSON, for every Accept header: %s", async (_what, ask, status, text) => {
    const answer = await ask()
    expect(answer).toMatchObject({ status, text })
    expect(answer.headers['content-type']).toBe('application/json')
    expect(answer.headers['x-request-id']).toMatch(uuid)
    expect(answer.headers['cache-control']).toBe('private, no-store')
    if (status === 401) expect(answer.headers['www-authenticate']).toBe('Bearer realm="api"')
  })

  test('is JSON on the API even to a browser', async () => {
    for (const path of [me, `${api}/nothing/`, '/api', '/api/', '/api?x']) {
      const answer = await world.acme.call(path, { accept: 'text/html,application/xhtml+xml' })
      expect(answer.headers['content-type']).toBe('application/json')
    }
  })

  test('has a new request id of ours, which is in the log too', async () => {
    const headers = { 'x-request-id': 'chosen-by-the-client', 'request-id': 'x', 'traceparent': '00-0-0-00' }
    const body = { email: 'nobody@example.com', password: 'x' }
    const answers = await Promise.all([1, 2].map(() => world.acme.call(`${auth}/jwt/create/`, { body, headers })))
    const ids = answers.map(answer => answer.headers['x-request-id'])
    expect(new Set(ids).size).toBe(2)
    for (const id of ids) expect(id).toMatch(uuid)
    await expect
      .poll(() => world.server.log)
      .toContainEqual(expect.objectContaining({ event: 'sign_in_failed', request_id: ids[0] }))
  })

  test.each(['/_nuxt/nothing.js', '/_nuxt/', '/nothing', '/__nuxt_error', '/_nuxt/%00', '/.well-known/nothing'])(
    'carries an id also where no route was reached: %s',
    async path => {
      for (const accept of ['text/html', 'application/json']) {
        const answer = await world.acme.call(path, { accept })
        expect(answer.status).toBe(404)
        expect(answer.headers['x-request-id']).toMatch(uuid)
      }
    },
  )

  test("has the same bytes for ids that are missing, malformed, another tenant's or on another surface", async () => {
    const ids = [
      newId(),
      world.globex.admin.id,
      world.globex.staff.id,
      'x',
      '1',
      '0',
      '-1',
      '1.0',
      '1e0',
      '+1',
      '%201',
      '9223372036854775808',
      '%00',
      '%F0%9F%A6%86',
      '%ff',
      '%',
      '%c0%af',
      `${world.acme.admin.id}0`,
      `${world.acme.admin.id} `.replace(' ', '%20'),
      `{${world.acme.admin.id}}`,
      world.acme.admin.id.replaceAll('-', ''),
      'null',
      'undefined',
      '__proto__',
      'constructor',
      'x'.repeat(4_000),
    ]
    const answers = await Promise.all(
      ids.flatMap(id => [
        world.acme.call(`${auth}/users/${id}/`, { token: admin }),
        world.acme.call(`${auth}/users/${id}/`, { token: staff }),
        world.acme.call(`${auth}/users/${id}/`, { method: 'PATCH', token: admin, body: {} }),
        world.acme.call(`${auth}/users/${id}/`, { method: 'DELETE', token: admin, body: { current_password: 'x' } }),
        world.acme.call(`${api}/users/${id}/`, { token: staff }),
        world.acme.call(`${api}/sessions/${id}/`, { method: 'DELETE', token: admin }),
      ]),
    )
    for (const answer of [
      ...answers,
      await world.acme.call(`${api}/tenants/`, { token: admin }),
      await world.acme.call(`${api}/nothing/`),
    ])
      expect(answer).toMatchObject(notFound)
    const shapes = new Set(
      answers.map(({ headers }) =>
        JSON.stringify(
          Object.keys(headers)
            .filter(name => name !== 'date')
            .sort(),
        ),
      ),
    )
    expect(shapes.size).toBe(1)
  })

  test.each([
    '/<script>alert(1)</script>',
    '/%3Cimg%20src=x%20onerror=alert(1)%3E',
    '/people/"><script>',
    '/__nuxt_error?message=<img src=x>&statusCode=500',
    '/%0d%0aset-cookie:a=b',
  ])('repeats nothing of the address, WEB-06: %s', async path => {
    for (const accept of ['Accept: text/html', 'Accept: application/json']) {
      const answer = await sendRaw(world.server.port, [
        `GET ${path.replaceAll(' ', '%20')} HTTP/1.1`,
        `Host: ${world.acme.host}`,
        accept,
      ])
      expect([302, 404]).toContain(answer.status)
      expect(answer.body).not.toMatch(/<script>alert|<img src=x|onerror=alert\(1\)>/)
      expect(answer.headers['set-cookie']).toBeUndefined()
    }
  })

  test.each([
    '/.env',
    '/.git/config',
    '/.git/HEAD',
    '/package.json',
    '/package-lock.json',
    '/drizzle/realm/migrations/0000_initial.sql',
    '/server/config.ts',
    '/server/',
    '/uploads/',
    '/.data/secret',
    '/.output/server/index.mjs',
    '/nitro.json',
    '/_nuxt/manifest.json',
    '/_nuxt/builds/latest.json',
    '/node_modules/nuxt/package.json',
    '/..%2f..%2fpackage.json',
    '/_nuxt/..%2f..%2fserver/index.mjs',
    '/_nuxt/%2e%2e/%2e%2e/server/index.mjs',
  ])('is all there is at a path of the program itself, WEB-12: %s', async path => {
    expect((await sendRaw(world.server.port, [`GET ${path} HTTP/1.1`, `Host: ${world.acme.host}`])).status).toBe(404)
  })
})

describe('a method', () => {
  // Read from the source tree, so that new routes are tested too.
  const routes = new Map<string, Set<string>>()
  for (const file of globSync('server/api/v1/**/*.ts')) {
    const [, path = '', method = ''] = /^server\/api\/v1\/(.*?)(?:\/?index)?\.(\w+)\.ts$/.exec(file) ?? []
    routes.set(path, (routes.get(path) ?? new Set()).add(method.toUpperCase()))
  }
  const cases = [...routes].map(([path, methods]) => ({
    path: `${api}/${path.replaceAll(/\[\w+\]/g, '0190a0a0-0000-7000-8000-000000000000')}/`,
    allowed: ['OPTIONS', ...methods, ...(methods.has('GET') ? ['HEAD'] : [])].sort(),
  }))

  test.each(cases)(
    'that a path does not have is 405 for everyone, with those it has, AZ-19: $path',
    async ({ path, allowed }) => {
      const wrong = [
        'GET',
        'POST',
        'PUT',
        'PATCH',
        'DELETE',
        'TRACE',
        'PROPFIND',
        'PURGE',
        'QUERY',
        'SEARCH',
        'COPY',
        'LINK',
      ].filter(method => !allowed.includes(method))
      for (const method of wrong) {
        for (const token of [undefined, staff, admin]) {
          const answer = await world.acme.call(path, { method, token, sameOrigin: true })
          expect(answer).toMatchObject({ status: 405, json: { detail: `Method "${method}" not allowed.` } })
          expect(answer.headers.allow?.split(', ').sort()).toEqual(allowed)
        }
      }
      const options = await world.acme.call(path, { method: 'OPTIONS' })
      expect(options).toMatchObject({ status: 204, text: '' })
      expect(options.headers.allow?.split(', ').sort()).toEqual(allowed)
    },
  )

  test('is 404 with a word in the place of an id', async () => {
    const ofIds = [...routes.keys()].filter(path => path.includes('[id]'))
    expect(ofIds.length).toBeGreaterThan(20)
    for (const route of ofIds) {
      const path = `${api}/${route.replace('[id]', 'no_such_word').replaceAll(/\[\w+\]/g, 'portal.example.com')}/`
      for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE']) {
        for (const token of [undefined, admin]) {
          const answer = await world.acme.call(path, { method, token, sameOrigin: true })
          expect([path, method, answer]).toMatchObject([path, method, { status: 404, text: '{"detail":"Not found."}' }])
        }
      }
    }
  })

  test.each(cases.filter(({ allowed }) => allowed.includes('HEAD')))(
    'HEAD is as GET without its body: $path',
    async ({ path }) => {
      for (const token of [undefined, staff, admin]) {
        const [head, get] = [
          await world.acme.call(path, { method: 'HEAD', token }),
          await world.acme.call(path, { token }),
        ]
        expect(head).toMatchObject({ status: get.status, text: '' })
        expect(Object.keys(head.headers).filter(isStable).sort()).toEqual(
          Object.keys(get.headers).filter(isStable).sort(),
        )
      }
      function isStable(name: string) {
        return !['content-length', 'transfer-encoding', 'date'].includes(name)
      }
    },
  )

  test.each(['/.well-known/jwks.json', '/healthz', '/readyz', '/login'])(
    'HEAD is as GET outside of the API too: %s',
    async path => {
      expect(await world.acme.call(path, { method: 'HEAD', ...page })).toMatchObject({ status: 200, text: '' })
    },
  )

  test.each(['/', '/login', '/people', '/nothing', '/favicon.svg', '/.well-known/jwks.json', '/_nuxt/x.js'])(
    'that writes is refused by a page or file: %s',
    async path => {
      for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'TRACE']) {
        const answer = await world.acme.call(path, { method, ...page })
        expect(answer.status).toBe(405)
        expect(answer.headers.allow).toBe('GET, HEAD, OPTIONS')
      }
    },
  )

  test.each(['FOO', 'get', 'GETT', 'X', '\x01', 'CONNECT', 'PRI'])(
    'that HTTP does not have is no request at all: %j',
    async method => {
      const answer = await sendRaw(world.server.port, [
        `${method} ${me} HTTP/1.1`,
        `Host: ${world.acme.host}`,
        `Authorization: Bearer ${admin}`,
      ])
      // Node.js answers a CONNECT by closing the connection: status 0.
      expect([0, 400, 405, 501]).toContain(answer.status)
      expect(answer.body).not.toContain('ann@example.com')
    },
  )

  test('is the one on the request line, independent of the headers, PAR-10', async () => {
    const headers = { 'x-http-method-override': 'DELETE', 'x-http-method': 'DELETE', 'x-method-override': 'DELETE' }
    expect((await world.acme.call(`${me}?_method=DELETE`, { token: staff, headers })).json).toMatchObject({
      id: world.acme.staff.id,
    })
    expect(
      (
        await world.acme.call(me, {
          method: 'POST',
          token: staff,
          headers,
          body: { _method: 'DELETE', current_password: world.acme.staff.password },
        })
      ).status,
    ).toBe(405)
    expect((await world.acme.call(me, { token: staff })).status).toBe(200)
  })
})

describe('the trailing slash', () => {
  test('makes no difference; two of them are another path', async () => {
    for (const path of [
      me,
      `${auth}/users/`,
      `${api}/users/`,
      `${api}/users/${world.acme.staff.id}/`,
      `${api}/departments/`,
      `${api}/sessions/`,
      '/.well-known/jwks.json/',
    ]) {
      const [withIt, without, twice] = await Promise.all(
        [path, path.slice(0, -1), `${path}/`].map(path => world.acme.call(path, { token: admin })),
      )
      expect([path, withIt!.status]).toEqual([path, 200])
      expect(withoutSlashInLinks(without!.text)).toBe(withoutSlashInLinks(withIt!.text))
      expect(twice!.status).toBe(404)
    }
    const body = { email: world.acme.staff.email, password: world.acme.staff.password }
    expect((await world.acme.call(`${auth}/jwt/create`, { body })).status).toBe(200)

    function withoutSlashInLinks(text: string) {
      return text.replaceAll('/?', '?')
    }
  })
})

describe('a body', () => {
  const signIn = `${auth}/jwt/create/`
  const blank = { email: ['This field is required.'], password: ['This field is required.'] }

  test('of a megabyte is read, and one byte more is 413', async () => {
    const ofSize = (bytes: number) => `{"x":"${'a'.repeat(bytes - 8)}"}`
    expect(await world.acme.call(signIn, { body: ofSize(1_000_000) })).toMatchObject({ status: 400, json: blank })
    expect(await world.acme.call(signIn, { body: ofSize(1_000_001) })).toMatchObject({
      status: 413,
      json: { detail: 'Request body is too large.' },
    })
  })

  // PAR-02, BRU-10: refused by its announced size, before a byte of it is read.
  test('that announces too many bytes is 413 before it arrives', async () => {
    const answer = await sendRaw(world.server.port, [
      `POST ${signIn} HTTP/1.1`,
      `Host: ${world.acme.host}`,
      'Content-Type: application/json',
      'Content-Length: 20000000',
    ])
    expect(answer).toMatchObject({ status: 413, body: '{"detail":"Request body is too large."}' })
    expect(answer.headers.connection).toBe('close')
  })

  test('without a length is 413 as soon as it is too long', async () => {
    const chunk = `10000\r\n${' '.repeat(0x10000)}\r\n`
    for (const path of [signIn, `${auth}/session/`]) {
      const answer = await sendRaw(
        world.server.port,
        [
          `POST ${path} HTTP/1.1`,
          `Host: ${world.acme.host}`,
          'Content-Type: application/json',
          'Sec-Fetch-Site: same-origin',
          'Transfer-Encoding: chunked',
        ],
        chunk.repeat(40),
      )
      expect(answer).toMatchObject({ status: 413, body: '{"detail":"Request body is too large."}' })
    }
  })

  test('in chunks is read like a body with a length', async () => {
    const answer = await sendRaw(
      world.server.port,
      [
        `POST ${signIn} HTTP/1.1`,
        `Host: ${world.acme.host}`,
        'Content-Type: application/json',
        'Transfer-Encoding: chunked',
      ],
      '1\r\n{\r\n1\r\n}\r\n0\r\n\r\n',
    )
    expect(answer).toMatchObject({ status: 400, body: JSON.stringify(blank) })
  })

  test.each([
    'Content-Length: 5\r\nTransfer-Encoding: chunked',
    'Content-Length: -1',
    'Content-Length: 2\r\nContent-Length: 3',
    'Content-Length: 2, 3',
    'Content-Length: 0x2',
    'Transfer-Encoding: chunked, identity',
    'Content-Length: 99999999999999999999',
  ])('whose length can be read in two ways is 400: %j', async lines => {
    const answer = await sendRaw(
      world.server.port,
      [`POST ${signIn} HTTP/1.1`, `Host: ${world.acme.host}`, 'Content-Type: application/json', ...lines.split('\r\n')],
      '2\r\n{}\r\n0\r\n\r\n',
    )
    expect(answer.status).toBe(400)
    expect(answer.body).not.toContain('required')
  })

  test.each([
    ['Transfer-Encoding: identity, chunked', 501],
    ['Transfer-Encoding: gzip, chunked', 501],
    ['Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked', 501],
    ['Transfer-Encoding: chunked;x=y', 501],
    ['Transfer-Encoding: identity', 501],
    ['Transfer-Encoding: chunked, chunked', 501],
    ['Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked', 501],
    ['Transfer-Encoding: chunked\r\nContent-Length: 12', 400],
    ['Content-Length: 12\r\nTransfer-Encoding: gzip, chunked', 400],
  ])(
    'in a transfer coding but chunked alone is refused everywhere, and the connection closed: %j',
    async (lines, status) => {
      const paths = [
        ['POST', signIn],
        ['GET', `${api}/nowhere/`],
        ['GET', '/healthz'],
        ['GET', '/login'],
        ['GET', '/favicon.svg'],
      ]
      for (const host of [world.acme.host, world.globex.host]) {
        for (const [method, path] of paths) {
          const head = [
            `${method} ${path} HTTP/1.1`,
            `Host: ${host}`,
            'Content-Type: application/json',
            ...lines.split('\r\n'),
          ]
          const { socket, answers } = openConnection(head, '2\r\n{}\r\n0\r\n\r\n')
          await new Promise(resolve => socket.on('close', resolve))
          const text = answers()
          // What Node.js itself cannot parse is answered 400 without a body.
          expect([path, text.match(/HTTP\/1\.1 \d+/g)]).toEqual([
            path,
            [expect.toBeOneOf([`HTTP/1.1 ${status}`, 'HTTP/1.1 400'])],
          ])
          expect(text).toMatch(/^connection: close$/im)
          expect(text).not.toContain('required')
        }
      }
    },
  )

  test.each(['chunked', 'Chunked', 'CHUNKED'])('in chunks is fine in any case: %s', async coding => {
    const head = [`POST ${signIn} HTTP/1.1`, `Host: ${world.acme.host}`, 'Content-Type: application/json']
    const answer = await sendRaw(world.server.port, [...head, `Transfer-Encoding: ${coding}`], '2\r\n{}\r\n0\r\n\r\n')
    expect(answer).toMatchObject({ status: 400, body: JSON.stringify(blank) })
  })

  // Does not ask for the connection to be closed.
  function openConnection(lines: string[], body: string) {
    const chunks: Buffer[] = []
    const socket = connect(world.server.port, '127.0.0.1')
    socket.on('data', chunk => chunks.push(chunk)).on('error', () => {})
    socket.write([...lines, '', body].join('\r\n'), 'latin1')
    return { socket, answers: () => Buffer.concat(chunks).toString('latin1') }
  }

  test.each([
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'text/plain',
    'text/plain; charset=utf-8',
    'text/json',
    'application/jsonx',
    'application/vnd.api+json',
    'application/json, text/plain',
    'application/json; charset=utf-16',
    'application/json; charset=latin1',
    'application/json; x=y',
    'application/javascript',
    'text/html',
    '*/*',
    'application/xml',
    'json',
    'application / json',
    '',
  ])('of another type is 415, and says which: %j', async type => {
    const answer = await world.acme.call(signIn, {
      body: JSON.stringify(world.acme.admin),
      headers: { 'content-type': type },
    })
    expect(answer).toMatchObject({ status: 415, json: { detail: `Unsupported media type "${type}" in request.` } })
  })

  test.each([
    'application/json',
    'Application/JSON',
    'application/json; charset=utf-8',
    'application/json;charset=UTF-8',
    'application/json ; charset="utf-8"',
  ])("of JSON's type is read: %j", async type => {
    expect(await world.acme.call(signIn, { body: '{}', headers: { 'content-type': type } })).toMatchObject({
      status: 400,
      json: blank,
    })
  })

  test('of no type is 415, in chunks too', async () => {
    for (const [lines, body] of [
      [['Content-Length: 2'], '{}'],
      [['Transfer-Encoding: chunked'], '2\r\n{}\r\n0\r\n\r\n'],
    ] as const) {
      const answer = await sendRaw(
        world.server.port,
        [`POST ${signIn} HTTP/1.1`, `Host: ${world.acme.host}`, ...lines],
        body,
      )
      expect(answer).toMatchObject({ status: 415, body: '{"detail":"Unsupported media type \\"\\" in request."}' })
    }
  })

  test('that is compressed is 415, so that no zip bomb is unpacked', async () => {
    const bomb = gzipSync(JSON.stringify({ email: ' '.repeat(5_000_000) }))
    for (const encoding of ['gzip', 'deflate', 'br', 'x-gzip', 'identity, gzip', 'zstd']) {
      expect((await world.acme.call(signIn, { body: bomb, headers: { 'content-encoding': encoding } })).status).toBe(
        415,
      )
    }
    expect((await world.acme.call(signIn, { body: '{}', headers: { 'content-encoding': 'Identity' } })).status).toBe(
      400,
    )
  })

  test('that is missing counts as empty, and needs no type', async () => {
    expect(await world.acme.call(signIn, { method: 'POST' })).toMatchObject({ status: 400, json: blank })
    expect(await world.acme.call(signIn, { body: '' })).toMatchObject({ status: 400, json: blank })
    expect(await world.acme.call(me, { method: 'PATCH', token: staff })).toMatchObject({
      status: 200,
      json: { id: world.acme.staff.id },
    })
  })

  // The server's log is checked when the world is stopped.
  test('that is never completed affects no other request', async () => {
    const { port } = world
    await Promise.all(
      Array.from(
        { length: 5 },
        () =>
          new Promise<void>(resolve => {
            const socket = connect(port, '127.0.0.1', () => {
              socket.write(
                `POST ${signIn} HTTP/1.1\r\nHost: ${world.acme.host}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"email":`,
                () => setTimeout(() => socket.destroy(), 50),
              )
            })
            socket.on('close', () => resolve())
          }),
      ),
    )
    expect((await world.acme.call(signIn, { body: world.acme.staff })).status).toBe(200)
  })

  const canary = 'hunter2-hunter2'
  test.each<[string, string | Uint8Array]>([
    ['cut off', `{"password":"${canary}`],
    ['cut off in a key', `{"${canary}`],
    ['blank', '  '],
    ['a bare word', canary],
    ['no value', '{"a":}'],
    ['quotes of another kind', `{'password':'${canary}'}`],
    ['a comma too many', '{"a":1,}'],
    ['a comma too many in a list', '[1,]'],
    ['NaN', '{"a":NaN}'],
    ['Infinity', '{"a":-Infinity}'],
    ['a number with a zero before it', '{"a":01}'],
    ['undefined', 'undefined'],
    ['two values', `{} {"${canary}":1}`],
    ['a comment', '{/* */}'],
    ['a form', `password=${canary}`],
    ['a line break in a string', '{"a":"\n"}'],
    ['a control byte in a string', '{"a":"\u0001"}'],
    ['half an escape', '{"a":"\\u00"}'],
    ['a byte order mark', '\uFEFF{}'],
    ['UTF-16', Buffer.from('{"email":"a"}', 'utf16le')],
    ['Latin-1', Buffer.from('{"email":"é"}', 'latin1')],
    ['overlong UTF-8', Buffer.from([0x7b, 0x22, 0xc0, 0xaf, 0x22, 0x3a, 0x31, 0x7d])],
    ['a surrogate in UTF-8', Buffer.from([0x7b, 0x22, 0xed, 0xa0, 0x80, 0x22, 0x3a, 0x31, 0x7d])],
    ['a cut-off character', Buffer.from([0x22, 0xe2, 0x82])],
    ['closed too often', '{}}'],
    ['closed before it is open', ']['],
  ])('that is not JSON is 400 and is not quoted in the answer: %s', async (_what, body) => {
    const answer = await world.acme.call(signIn, { body })
    expect(answer.status).toBe(400)
    expect(Object.keys(answer.json)).toEqual(['detail'])
    expect(answer.json.detail).toMatch(/^JSON parse error - \S/)
    expect(answer.text).not.toContain('hunter')
  })

  test.each([
    ['list', '[]'],
    ['list', '[{"email":"a"}]'],
    ['str', '"text"'],
    ['str', '""'],
    ['int', '1'],
    ['int', '0'],
    ['float', '1.5'],
    ['bool', 'true'],
    ['bool', 'false'],
  ])("that is not an object has DRF's error: %s", async (type, body) => {
    for (const path of [signIn, `${auth}/jwt/refresh/`, `${auth}/users/reset_password_confirm/`]) {
      expect(await world.acme.call(path, { body })).toMatchObject({
        status: 400,
        text: `{"non_field_errors":["Invalid data. Expected a dictionary, but got ${type}."]}`,
      })
    }
    expect((await world.acme.call(me, { method: 'PATCH', token: staff, body })).status).toBe(400)
  })

  test('that is null has no data', async () => {
    expect(await world.acme.call(signIn, { body: 'null' })).toMatchObject({
      status: 400,
      text: '{"non_field_errors":["No data provided"]}',
    })
  })

  test.each<[string, string]>([
    ['lists', '['.repeat(100_000)],
    ['closed lists', '['.repeat(100_000) + ']'.repeat(100_000)],
    ['objects', '{"a":'.repeat(100_000)],
    ['both', '[{"a":'.repeat(50_000)],
    ['a field of it', `{"email":${'['.repeat(33)}${']'.repeat(33)}}`],
  ])('that is nested too deeply is 400: %s', async (_what, body) => {
    expect(await world.acme.call(signIn, { body })).toMatchObject({
      status: 400,
      json: { detail: 'JSON parse error - nested too deeply' },
    })
  })

  test('with brackets in a text is not nested', async () => {
    const email = `${'[{'.repeat(100)}"\\"[[`
    expect(await world.acme.call(signIn, { body: { email, password: 'x' } })).toMatchObject({ status: 401 })
  })

  // PAR-04
  test('with a duplicate name has the last value, for every reader', async () => {
    const body = '{"first_name":"First","first_name":"Last","\\u0066irst_name":"Escaped"}'
    expect((await world.acme.call(me, { method: 'PATCH', token: staff, body })).json).toMatchObject({
      first_name: 'Escaped',
    })
  })

  // PAR-01
  test('with `__proto__` in it changes nothing for anyone', async () => {
    const before = (await world.acme.call(me, { token: staff })).json
    const body =
      '{"__proto__":{"first_name":"Polluted","role":"Admin","search":"zzz","page":"9"},"constructor":{"prototype":{"role":"Admin","last_name":"Polluted"}},"prototype":{"x":1}}'
    expect((await world.acme.call(me, { method: 'PATCH', token: staff, body })).json).toEqual(before)
    const { support: _support, must_enrol: _must, ...user } = before
    expect(
      await world.acme.call(`${auth}/users/${world.acme.staff.id}/`, { method: 'PATCH', token: admin, body }),
    ).toMatchObject({ status: 200, json: user })
    const query =
      '__proto__[page]=9&__proto__[x]=1&__proto__=1&constructor[prototype][page]=9&constructor=1&toString=1&hasOwnProperty=1'
    expect(await world.acme.call(`${api}/departments/?${query}`, { token: staff })).toMatchObject({
      status: 200,
      json: { count: 0 },
    })
    expect(await world.acme.call(`${api}/users/`, { token: staff })).toMatchObject({
      status: 200,
      json: { count: 112 },
    })
    expect((await world.acme.call(me, { token: staff })).json).toEqual(before)
  })

  test('may have unknown fields, which are stored nowhere, PAR-07', async () => {
    const answer = await world.acme.call(me, {
      method: 'PATCH',
      token: staff,
      body: { nickname: 'x', first_name: 'Ben', deep: { er: [1, { x: null }] } },
    })
    expect(answer).toMatchObject({ status: 200, json: { first_name: 'Ben' } })
    expect(answer.json).not.toHaveProperty('nickname')
  })
})

describe('a field', () => {
  interface Field {
    method: string
    path: () => string
    name: string
    token?: () => string
    host?: () => string
    nullable?: boolean
    others?: object
  }
  const fields: Field[] = [
    ...['email', 'password'].map(name => ({ method: 'POST', path: () => `${auth}/jwt/create/`, name })),
    ...['refresh', 'blacklist'].map(name => ({ method: 'POST', path: () => `${auth}/jwt/${name}/`, name: 'refresh' })),
    ...['email', 'password', 're_password', 'first_name', 'last_name', 'employee_id'].map(name => ({
      method: 'POST',
      path: () => `${auth}/users/`,
      name,
      token: () => admin,
      nullable: /employee|password/.test(name),
    })),
    ...['first_name', 'last_name'].map(name => ({ method: 'PATCH', path: () => me, name, token: () => staff })),
    ...['first_name', 'last_name', 'employee_id'].map(name => ({
      method: 'PUT',
      path: () => `${auth}/users/${world.acme.staff.id}/`,
      name,
      token: () => admin,
      nullable: name === 'employee_id',
    })),
    ...['current_password', 'new_password', 're_new_password'].map(name => ({
      method: 'POST',
      path: () => `${auth}/users/set_password/`,
      name,
      token: () => staff,
    })),
    ...['uid', 'token', 'new_password', 're_new_password'].map(name => ({
      method: 'POST',
      path: () => `${auth}/users/reset_password_confirm/`,
      name,
    })),
    ...['me/', `${newId()}/`].map(whose => ({
      method: 'DELETE',
      path: () => `${auth}/users/${whose === 'me/' ? whose : `${world.acme.admin.id}/`}`,
      name: 'current_password',
      token: () => admin,
    })),
    { method: 'POST', path: () => `${api}/tenants/info/`, name: 'tenant_id', host: () => 'localhost' },
  ]

  // PAR-05
  test.each(fields)(
    'of text takes text alone: $method $name',
    async ({ method, path, name, token, host, nullable }) => {
      const send = (value: unknown) =>
        world.call(host?.() ?? world.acme.host, path(), {
          method,
          token: token?.(),
          body: `{"${name}":${typeof value === 'string' ? value : JSON.stringify(value)}}`,
        })
      for (const value of [
        [],
        ['a'],
        {},
        { set: 'a' },
        { toString: 'x' },
        1,
        0,
        1.5,
        -1,
        '1e999',
        '12345678901234567890',
        true,
        false,
      ]) {
        expect([name, value, (await send(value)).json]).toEqual([
          name,
          value,
          expect.objectContaining({ [name]: ['Not a valid string.'] }),
        ])
      }
      if (!nullable) expect((await send(null)).json).toMatchObject({ [name]: ['This field may not be null.'] })
      for (const nul of ['"\\u0000"', '"a\\u0000b"'])
        expect((await send(nul)).json).toMatchObject({ [name]: ['Null characters are not allowed.'] })
      for (const half of ['"\\ud800"', '"a\\udc00b"', '"\\udc00\\ud800"'])
        expect((await send(half)).json).toMatchObject({ [name]: ['Not a valid string.'] })
      expect(await send(`"${'x'.repeat(500_000)}"`)).toMatchObject({
        status: 400,
        json: { [name]: [expect.stringMatching(/^Ensure this field has no more than \d+ characters\.$/)] },
      })
    },
  )

  test.each(fields.filter(({ name, nullable }) => !nullable && !/^re_|_name/.test(name)))(
    'that is needed is asked for, missing or blank: $method $name',
    async ({ method, path, name, token, host }) => {
      const send = (body: object) => world.call(host?.() ?? world.acme.host, path(), { method, token: token?.(), body })
      expect((await send({})).json).toMatchObject({ [name]: ['This field is required.'] })
      expect((await send({ [name]: '' })).json).toMatchObject({ [name]: ['This field may not be blank.'] })
    },
  )

  test('of blanks is blank, except for a password', async () => {
    const answer = await world.acme.call(`${auth}/jwt/create/`, { body: { email: ' \t ', password: '   ' } })
    expect(answer).toMatchObject({ status: 400, text: '{"email":["This field may not be blank."]}' })
  })

  test('of choice, boolean or reference describes the error', async () => {
    const patch = (body: object) =>
      world.acme.call(`${auth}/users/${world.acme.staff.id}/`, { method: 'PATCH', token: admin, body })
    for (const [role, shown] of [
      ['Owner', 'Owner'],
      ['admin', 'admin'],
      ['', ''],
      [1, '1'],
      [['Admin'], '["Admin"]'],
      [{ set: 'Admin' }, '{"set":"Admin"}'],
      [true, 'true'],
    ] as const) {
      expect((await patch({ role })).json).toEqual({ role: [`"${shown}" is not a valid choice.`] })
    }
    for (const is_active of ['x', 'true', 1, 0, [], {}])
      expect((await patch({ is_active })).json).toEqual({ is_active: ['Must be a valid boolean.'] })
    for (const name of ['role', 'is_active'])
      expect((await patch({ [name]: null })).json).toEqual({ [name]: ['This field may not be null.'] })
    for (const department of [newId(), 'x', ''])
      expect((await patch({ department })).json).toEqual({
        department: [`Invalid pk "${department}" - object does not exist.`],
      })
    for (const [department, type] of [
      [1, 'int'],
      [[], 'list'],
      [{}, 'dict'],
      [true, 'bool'],
      [1.5, 'float'],
    ] as const) {
      expect((await patch({ department })).json).toEqual({
        department: [`Incorrect type. Expected pk value, received ${type}.`],
      })
    }
  })

  test("with an error does not hide another field's error", async () => {
    const answer = await world.acme.call(`${auth}/users/`, {
      token: admin,
      body: { email: 'x', first_name: 1, role: 'x', password: '' },
    })
    expect(Object.keys(answer.json).sort()).toEqual(['email', 'first_name', 'password', 'role'])
    for (const messages of Object.values(answer.json)) expect(messages).toEqual([expect.any(String)])
  })

  test.each([undefined, null, '', 0, 1, [], {}, true, 'x', 'a.b.c', '\0', 'x'.repeat(100_000)])(
    'of a token to verify is never 400: %#',
    async token => {
      expect(await world.acme.call(`${auth}/jwt/verify/`, { body: { token } })).toMatchObject({
        status: 401,
        text: '{"detail":"Token is invalid","code":"token_not_valid"}',
      })
    },
  )

  // WEB-16
  test('of one line has one line', async () => {
    for (const name of ['a\nb', 'a\r\nset-cookie: x=y']) {
      expect((await world.acme.call(me, { method: 'PATCH', token: staff, body: { first_name: name } })).json).toEqual({
        first_name: ['Line breaks are not allowed.'],
      })
    }
  })
})

describe('a list', () => {
  const people = (query = '') => world.acme.call(`${api}/users/${query}`, { token: admin })

  test('has 25 rows on a page by default, and never more than 100', async () => {
    const first = await people()
    expect(Object.keys(first.json)).toEqual(['count', 'next', 'previous', 'results'])
    expect(first.json).toMatchObject({ count: 112, next: `${world.acme.origin}/api/v1/users/?page=2`, previous: null })
    const sizes = {
      '': 25,
      '1': 1,
      '10': 10,
      '100': 100,
      '101': 100,
      '1000000000': 100,
      '1e9': 25,
      '0': 25,
      '-1': 25,
      'x': 25,
      '1.5': 25,
      'NaN': 25,
      '%00': 25,
      '99999999999999999999': 100,
      '0x10': 25,
    }
    for (const [size, rows] of Object.entries(sizes))
      expect([size, (await people(`?page_size=${size}`)).json.results.length]).toEqual([size, rows])
    expect((await people('?limit=1&offset=5')).json.results).toHaveLength(25)
  })

  test.each([
    '0',
    '-1',
    'x',
    '',
    '1.5',
    '1e0',
    '%2B1',
    '%201',
    '0x1',
    '6',
    '9999999',
    '99999999999999999999',
    'last',
    'NaN',
    '%00',
    '1;select',
    '%F0%9F%A6%86',
  ])('has no page %j', async number => {
    expect(await people(`?page=${number}`)).toMatchObject({ status: 404, text: '{"detail":"Invalid page."}' })
  })

  test('that is empty has a first page', async () => {
    expect(await people('?search=nobody-is-called-this&page=1')).toMatchObject({
      status: 200,
      json: { count: 0, next: null, previous: null, results: [] },
    })
  })

  test.each([
    'last_name',
    '-last_name',
    'first_name',
    'email',
    '-date_joined',
    'department',
    '-department,email',
    'last_name,-email',
  ])('goes through every row once by its links, in the order %s', async ordering => {
    const seen: { id: string; email: string }[] = []
    let pages = 0
    let previous: string | null = null
    for (
      let next: string | null = `${world.acme.origin}${api}/users/?page_size=30&search=o&ordering=${ordering}`;
      next;
      pages++
    ) {
      const url: URL = new URL(next)
      expect(url.origin).toBe(world.acme.origin)
      const answer: Answer = await world.acme.call(url.pathname + url.search, { token: admin })
      expect(answer.status).toBe(200)
      expect(answer.json.previous).toBe(previous)
      previous = next.replace(/&page=1$/, '')
      if (pages === 0)
        previous = `${url.origin}${url.pathname}${new URL(answer.json.next).search.replace(/&page=2$/, '')}`
      seen.push(...answer.json.results)
      next = answer.json.next
    }
    expect(pages).toBe(4)
    expect(seen).toHaveLength(112)
    expect(new Set(seen.map(({ id }) => id)).size).toBe(112)
    if (ordering === 'email') expect(seen.map(({ email }) => email)).toEqual(seen.map(({ email }) => email).toSorted())
  })

  // INJ-03, AZ-14
  test.each([
    'password',
    '-password',
    'id',
    'employee_id',
    'role',
    'email;select',
    '(select%201)',
    '-email,password',
    '--email',
    'email%20desc',
    'email--',
    'users.email',
    'Email',
    '1',
    '%00',
    'constructor',
    '__proto__',
    'toString',
    'email%20',
    '+email',
  ])('is in no order but those it names: %s', async ordering => {
    const answer = await people(`?ordering=${ordering}`)
    if (ordering === 'email%20' || ordering === '+email') return expect(answer.status).toBe(200)
    expect(answer).toMatchObject({
      status: 400,
      json: { ordering: ['Choose from: last_name, first_name, email, date_joined, department.'] },
    })
  })

  test('of djoser, sessions and tenants can be ordered by its declared fields too', async () => {
    for (const path of [
      `${auth}/users/?ordering=password`,
      `${api}/sessions/?ordering=user_id`,
      `${api}/departments/?ordering=password`,
    ])
      expect((await world.acme.call(path, { token: admin })).status).toBe(400)
    expect((await world.console.call(`${api}/tenants/?ordering=schema`, { token: operator })).status).toBe(400)
    expect(
      (await world.console.call(`${api}/tenants/?ordering=-name`, { token: operator })).json.results.map(
        ({ subdomain }: { subdomain: string }) => subdomain,
      ),
    ).toEqual(['globex', 'acme'])
  })

  // INJ-04
  test.each([
    ['%', ['100%', '%']],
    ['_', ['a_b', '_']],
    ['\\', ['back\\slash']],
    ["'", ["O'Neil"]],
    ['"', ['say "hi"']],
    ['(', ['(paren']],
    ['[', ['[brack']],
    ['100%', ['100%']],
    ['%_', []],
    ['\\%', []],
    ['ÉMILE', ['émile']],
    ["' or 1=1--", []],
    ["%' or '1'='1", []],
    ["\\' or 1=1--", []],
    ['$1', []],
    ['{{x}}', []],
    ['\u2028', expect.any(Array)],
  ])('is searched literally: %s', async (search, names) => {
    const answer = await people(`?page_size=100&search=${encodeURIComponent(search)}`)
    expect(answer.status).toBe(200)
    if (search !== '\u2028')
      expect(answer.json.results.map(({ last_name }: { last_name: string }) => last_name).sort()).toEqual(
        [...names].sort(),
      )
  })

  test('is searched for every word of the search, in any column and any case', async () => {
    expect((await people('?search=PERSON%20number&page_size=1')).json.count).toBe(100)
    expect((await people('?search=%20%20person7@EXAMPLE.org%20person%20')).json.count).toBe(1)
    expect((await people('?search=person%20nobody')).json.count).toBe(0)
    expect((await people('?search=%20')).json.count).toBe(112)
  })

  test('rejects a search that is not valid text', async () => {
    expect(await people('?search=%00')).toMatchObject({ status: 400, json: { search: [expect.any(String)] } })
    expect(await people(`?search=${'x'.repeat(201)}`)).toMatchObject({
      status: 400,
      json: { search: ['Ensure this field has no more than 200 characters.'] },
    })
    for (const search of ['%ED%A0%80', '%ff', '%', '%c0%af', '%E2%82'])
      expect((await people(`?search=${search}`)).status).toBe(200)
  })

  // PAR-06
  test('uses the first of a repeated parameter, and rejects other structures', async () => {
    expect((await people('?page_size=1&page_size=50')).json.results).toHaveLength(1)
    expect((await people('?search=person7@&search=nobody')).json.count).toBe(1)
    expect((await people('?search[]=nobody&ordering[]=password&page[]=9&Search=nobody')).json.count).toBe(112)
  })

  test('is filtered by valid values, and reports invalid ones at the field', async () => {
    expect((await people('?role=Admin')).json.count).toBe(1)
    expect((await people('?is_active=false')).json.count).toBe(0)
    expect(await people('?role=Owner')).toMatchObject({
      status: 400,
      json: { role: ['"Owner" is not a valid choice.'] },
    })
    expect(await people('?is_active=maybe')).toMatchObject({ status: 400, json: { is_active: [expect.any(String)] } })
    expect(await people('?department=x')).toMatchObject({ status: 400, json: { department: [expect.any(String)] } })
    expect((await people(`?department=${newId()}`)).json.count).toBe(0)
  })

  test('shows no additional fields on request', async () => {
    const [plain, greedy] = await Promise.all([
      people(),
      people('?fields=password,schema&expand=sessions&include=password&format=csv&depth=9&with_password=1'),
    ])
    expect(greedy.json.results).toEqual(plain.json.results)
  })

  test('with thousands of parameters works', async () => {
    const many = Array.from({ length: 1_500 }, (_, i) => `a${i}=1`).join('&')
    expect((await people(`?${many}`)).status).toBe(200)
    expect((await people(`?search=x&${'a'.repeat(12_000)}`)).status).toBe(200)
    expect([414, 431]).toContain(
      (
        await sendRaw(world.server.port, [
          `GET ${api}/users/?${'a'.repeat(40_000)} HTTP/1.1`,
          `Host: ${world.acme.host}`,
        ])
      ).status,
    )
    expect(
      (
        await sendRaw(world.server.port, [
          `GET ${me} HTTP/1.1`,
          `Host: ${world.acme.host}`,
          `X-Long: ${'a'.repeat(40_000)}`,
        ])
      ).status,
    ).toBe(431)
  })
})

describe('credentials on a public route', () => {
  test('are ignored, even invalid ones', async () => {
    const { refresh } = await signInAs(world.acme, world.acme.staff)
    for (const authorization of ['Bearer x', 'Bearer', 'Bearer a b', `Bearer ${operator}`, 'Basic x']) {
      const answers = await Promise.all([
        world.acme.call(`${auth}/jwt/create/`, { body: world.acme.staff, headers: { authorization } }),
        world.acme.call(`${auth}/jwt/refresh/`, { body: { refresh }, headers: { authorization } }),
        world.acme.call(`${auth}/jwt/verify/`, { body: { token: staff }, headers: { authorization } }),
        world.acme.call('/.well-known/jwks.json', { headers: { authorization } }),
      ])
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    }
  })
})

describe('of several errors in a request', () => {
  test('the first is reported: host, cookies, size, type, origin, credentials, permission, input', async () => {
    const path = `${auth}/users/${world.globex.admin.id}/`
    const wrongs: [status: number, lines: string[], put: string[]][] = [
      [400, ['Host: acme.localhost.'], [`Host: ${world.acme.host}`]],
      [400, ['Cookie: tenantry_access=a; tenantry_access=b'], ['Cookie: tenantry_access=a']],
      [413, ['Content-Length: 1000001'], ['Content-Length: 2']],
      [415, ['Content-Type: text/plain'], ['Content-Type: application/json']],
      [403, ['Origin: https://evil.example'], [`Origin: ${world.acme.origin}`]],
      [401, [], [`Authorization: Bearer ${staff}`]],
    ]
    const details: string[] = []
    for (let i = 0; i <= wrongs.length; i++) {
      const lines = wrongs.flatMap(([, bad, good], at) => (at < i ? good : bad))
      const answer = await sendRaw(world.server.port, [`PATCH ${path} HTTP/1.1`, ...lines], '[]')
      expect([i, answer.status]).toEqual([i, wrongs[i]?.[0] ?? 404])
      details.push(JSON.parse(answer.body).detail)
    }
    expect(details).toEqual([
      'The Host header is not valid.',
      'The Cookie header has a cookie twice.',
      'Request body is too large.',
      'Unsupported media type "text/plain" in request.',
      'Cross-site request refused.',
      'Given token not valid for any token type',
      'Not found.',
    ])
  })

  test('permission comes before input', async () => {
    expect(await world.acme.call(`${auth}/users/`, { body: '[', token: staff })).toMatchObject({ status: 403 })
    expect(
      await world.acme.call(`${auth}/users/${world.acme.admin.id}/`, { method: 'PATCH', body: '[', token: staff }),
    ).toMatchObject(notFound)
    expect(await world.acme.call(me, { method: 'PATCH', body: '[' })).toMatchObject({ status: 401 })
  })
})

describe('headers', () => {
  let cookies: Record<string, string>
  beforeAll(async () => {
    cookies = await signInWithCookies(world.acme, world.acme.admin)
  })
  const html: [string, string, () => Promise<Answer>][] = [
    ['a page for anyone', '200', () => world.acme.call('/login', page)],
    ['a page for people', '200', () => world.acme.call('/people', { ...page, cookies })],
    ['the site', '200', () => world.call('localhost', '/', page)],
    ['the console', '200', () => world.console.call('/login', page)],
    ['a redirect', '302', () => world.acme.call('/people', page)],
    ['a missing page', '404', () => world.acme.call('/nothing', page)],
    ['a missing file', '404', () => world.acme.call('/_nuxt/nothing.js', page)],
    ['a refused method', '405', () => world.acme.call('/login', { ...page, method: 'POST' })],
    ['an unknown host', '404', () => world.call('nosuch.localhost', '/', page)],
    ['a malformed host', '400', () => world.call('acme.localhost.', '/', page)],
    ['the error page asked for by name', '404', () => world.acme.call('/__nuxt_error', page)],
    ['a page with a token in its path', '200', () => world.acme.call('/auth/password/reset/uid/token', page)],
  ]

  test.each(html)('of HTML isolate it, WEB-09, WEB-11: %s', async (_what, status, ask) => {
    const { headers, ...answer } = await ask()
    expect(String(answer.status)).toBe(status)
    expect(headers['content-type']).toMatch(/^text\/html/)
    const policy = headers['content-security-policy'] as string
    for (const part of ["object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"])
      expect(policy).toContain(part)
    expect(policy).toMatch(/(?:script-src|default-src) [^;]*(?:'none'|'nonce-)/)
    expect(policy).not.toMatch(/script-src[^;]*'unsafe-|upgrade-insecure-requests/)
    expect(headers['cross-origin-opener-policy']).toBe('same-origin')
    expect(headers['cache-control']).toBe('private, no-store')
    expectPlainHeaders(headers)
  })

  test.each(html.filter(([, status]) => status === '200'))(
    'of a page carry a nonce that is on each of its scripts: %s',
    async (_what, _status, ask) => {
      const { headers, text } = await ask()
      const nonce = /'nonce-([^']+)'/.exec(headers['content-security-policy'] as string)?.[1]
      expect(Buffer.from(nonce ?? '', 'base64')).toHaveLength(16)
      const scripts = text.match(/<script\b[^>]*>/g) ?? []
      expect(scripts.length).toBeGreaterThan(1)
      for (const script of scripts)
        expect(script.includes(`nonce="${nonce}"`) || script.includes('type="application/json"')).toBe(true)
      // WEB-10
      expect((await ask()).headers['content-security-policy']).not.toContain(nonce)
    },
  )

  const others: [string, () => Promise<Answer>][] = [
    ['an answer of the API', () => world.acme.call(me, { token: staff })],
    ['an error of the API', () => world.acme.call(me)],
    ['a missing route', () => world.acme.call(`${api}/nothing/`)],
    ['an answer without a body', () => world.acme.call(me, { method: 'OPTIONS' })],
    ['a sign-out', () => world.acme.call(`${auth}/session/`, { method: 'DELETE', sameOrigin: true })],
    ['the public keys', () => world.acme.call('/.well-known/jwks.json')],
    ['a CSV file', () => world.acme.call(`${api}/users/export.csv`, { token: admin })],
    ['a file', () => world.acme.call('/favicon.svg')],
    ['health', () => world.acme.call('/healthz')],
    ['an unknown host', () => world.call('nosuch.localhost', me)],
    ['a malformed host', () => world.call('acme.localhost.', me)],
  ]

  test.each(others)('are on everything else, which nobody may frame, WEB-09, WEB-11: %s', async (_what, ask) => {
    const { headers } = await ask()
    expectPlainHeaders(headers)
    expect(headers['content-security-policy']).toMatch(/^default-src 'none'; frame-ancestors 'none'/)
  })

  test('keep every answer of the API out of caches', async () => {
    for (const [path, token] of [
      [me, staff],
      [me, undefined],
      [`${api}/users/`, admin],
      [`${api}/nothing/`, admin],
      ['/.well-known/jwks.json', undefined],
    ] as const) {
      expect((await world.acme.call(path, { token })).headers['cache-control']).toBe('private, no-store')
    }
    expect((await world.acme.call(`${auth}/jwt/create/`, { body: world.acme.staff })).headers['cache-control']).toBe(
      'private, no-store',
    )
  })

  test('let the files of a build be cached for ever, as their names contain a hash of their content', async () => {
    const { text } = await world.acme.call('/login', page)
    const file = /\/_nuxt\/[\w.-]+\.js/.exec(text)![0]
    const answer = await world.acme.call(file)
    expect(answer.status).toBe(200)
    expect(answer.headers['cache-control']).toBe('public, max-age=31536000, immutable')
    expect(answer.headers['content-type']).toMatch(/javascript/)
    expectPlainHeaders(answer.headers)
    expect((await world.acme.call(`${file}.map`)).status).toBe(404)
  })

  // RST-13
  test.each(['/auth/password/reset/uid/token', '/auth/activate/uid/token', '/auth/email/uid/token', '/invite/token'])(
    'tell nobody of a token in the path: %s',
    async path => {
      const answer = await world.acme.call(path, page)
      expect(answer.headers['referrer-policy']).toBe('no-referrer')
      expect(answer.headers['cache-control']).toBe('private, no-store')
    },
  )

  function expectPlainHeaders(headers: Answer['headers']) {
    expect(headers['x-content-type-options']).toBe('nosniff')
    expect(headers['cross-origin-resource-policy']).toBe('same-origin')
    expect(headers['referrer-policy']).toMatch(/^(?:strict-origin-when-cross-origin|no-referrer)$/)
    // Over http, the server must not require https; tests/api/tenancy/cross-site.test.ts tests https.
    for (const name of ['x-powered-by', 'server', 'x-nitro-prerender', 'x-nuxt-cache', 'strict-transport-security'])
      expect(headers).not.toHaveProperty(name)
  }
})
