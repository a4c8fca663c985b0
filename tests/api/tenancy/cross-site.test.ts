import { globSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sendRaw } from '../../support/raw-http.ts'
import type { Place, World } from '../../support/world.ts'
import { addPerson, api, auth, createWorld, signInAs, signInWithCookies } from '../../support/world.ts'

const me = `${auth}/users/me/`
const refusal = { status: 403, text: '{"detail":"Cross-site request refused.","code":"cross_site"}', cookies: {} }

let world: World
/** The same over https, where cookies have the prefix. */
let secure: World
let cookies: Record<string, string>
beforeAll(async () => {
  ;[world, secure] = await Promise.all([createWorld({ ACCESS_TTL: '3600' }), createWorld({ SITE_PROTOCOL: 'https' })])
  cookies = await signInWithCookies(world.acme, world.acme.admin)
})
afterAll(async () => {
  await world.stop()
  await secure.stop()
})

/** The headers of a browser for a request from another site, or headers that no browser sends. */
const foreign: [who: string, headers: () => Record<string, string>][] = [
  ['another site', () => ({ 'origin': 'https://evil.example', 'sec-fetch-site': 'cross-site' })],
  ['another site, in an old browser', () => ({ origin: 'https://evil.example' })],
  // CSRF-02: the same site to the browser, and a stranger to us.
  ['a sibling tenant', () => ({ 'origin': world.globex.origin, 'sec-fetch-site': 'same-site' })],
  ['a sibling tenant, in an old browser', () => ({ origin: world.globex.origin })],
  ['the bare domain', () => ({ 'origin': `http://localhost:${world.port}`, 'sec-fetch-site': 'same-site' })],
  ['the console', () => ({ origin: world.console.origin })],
  [
    'a page that claims our origin from another',
    () => ({ 'origin': world.acme.origin, 'sec-fetch-site': 'cross-site' }),
  ],
  // CSRF-04
  ['a sandboxed frame', () => ({ origin: 'null' })],
  ['a sandboxed frame, in a new browser', () => ({ 'origin': 'null', 'sec-fetch-site': 'cross-site' })],
  ['nobody in particular', () => ({})],
  ['our name on another port', () => ({ origin: 'http://acme.localhost:1' })],
  ['our name without its port', () => ({ origin: 'http://acme.localhost' })],
  ['our name by another protocol', () => ({ origin: world.acme.origin.replace('http:', 'https:') })],
  ['a name that begins as ours', () => ({ origin: `${world.acme.origin}.evil.example` })],
  ['a name that ends as ours', () => ({ origin: 'http://evil-acme.localhost' })],
  ['our origin with a path', () => ({ origin: `${world.acme.origin}/` })],
  ['our origin in capitals', () => ({ origin: world.acme.origin.toUpperCase() })],
  ['an empty origin', () => ({ origin: '' })],
  ['an unknown kind of site', () => ({ 'origin': world.acme.origin, 'sec-fetch-site': 'Same-Origin' })],
  ['two kinds of site', () => ({ 'origin': world.acme.origin, 'sec-fetch-site': 'same-origin, cross-site' })],
  ['no kind of site', () => ({ 'origin': 'https://evil.example', 'sec-fetch-site': '' })],
  ['a Referer of ours alone', () => ({ referer: `${world.acme.origin}/profile` })],
]

describe('an unsafe request by cookie', () => {
  // CSRF-01
  test.each(foreign)('is refused when it comes from %s', async (_who, headers) => {
    const answer = await world.acme.call(me, {
      method: 'PATCH',
      cookies,
      headers: headers(),
      body: { first_name: 'Mallory' },
    })
    expect(answer).toMatchObject(refusal)
    expect((await world.acme.call(me, { cookies })).json.first_name).not.toBe('Mallory')
  })

  test.each<[string, () => Record<string, string>]>([
    ['same-origin', () => ({ 'sec-fetch-site': 'same-origin' })],
    ['same-origin, with its Origin', () => ({ 'sec-fetch-site': 'same-origin', 'origin': world.acme.origin })],
    ['none: typed in by the person', () => ({ 'sec-fetch-site': 'none' })],
    ['its own Origin, in an old browser', () => ({ origin: world.acme.origin })],
  ])('is served when it comes from a page of this host: %s', async (_how, headers) => {
    const first_name = `Ann ${_how.length}`
    const answer = await world.acme.call(me, { method: 'PATCH', cookies, headers: headers(), body: { first_name } })
    expect(answer).toMatchObject({ status: 200, json: { first_name } })
  })

  // Read from the source tree, so that new routes are tested too.
  const writes = globSync('server/api/v1/**/*.{post,put,patch,delete}.ts').map(file => {
    const [, path = '', method = ''] = /^server\/api\/v1\/(.*?)(?:\/?index)?\.(\w+)\.ts$/.exec(file) ?? []
    return { method: method.toUpperCase(), path: path.replace('[id]', '0190a0a0-0000-7000-8000-000000000000') }
  })

  test('is tested for every route that writes', () => {
    expect(writes.map(({ method, path }) => `${method} ${path}`)).toEqual(
      expect.arrayContaining(['POST auth/jwt/create', 'DELETE auth/session', 'PATCH auth/users/me', 'DELETE sessions']),
    )
  })

  // The content type is checked first.
  const typeOf = (method: string, path: string) => {
    if (path === 'users/import') return 'text/csv'
    return method === 'PUT' && /photo$|logo$/.test(path) ? 'image/png' : 'application/json'
  }

  test.each(writes)('from another origin is refused: $method $path', async ({ method, path }) => {
    const places: [Place, Record<string, string>][] = [
      [world.acme, cookies],
      [world.console, { tenantry_refresh: 'x' }],
    ]
    for (const [place, jar] of places) {
      for (const headers of [{ 'sec-fetch-site': 'same-site' }, { origin: 'https://evil.example' }, {}]) {
        const answer = await place.call(`${api}/${path}/`, {
          method,
          cookies: jar,
          headers: { ...headers, 'content-type': typeOf(method, path) },
          body: {},
        })
        expect(answer).toMatchObject(refusal)
      }
      expect(
        await place.call(`${api}/${path}/`, {
          method,
          cookies: { tenantry_refresh: 'x' },
          headers: { 'sec-fetch-site': 'cross-site' },
        }),
      ).toMatchObject(refusal)
    }
  })

  test('is refused with an Authorization header of another scheme', async () => {
    for (const authorization of ['Basic YTpi', 'Bearerx y', 'Negotiate', '']) {
      const answer = await world.acme.call(me, {
        method: 'PATCH',
        cookies,
        headers: { authorization, origin: 'https://evil.example' },
        body: { first_name: 'Mallory' },
      })
      expect(answer).toMatchObject(refusal)
    }
  })

  test('is refused as a form, which any page can send', async () => {
    for (const type of ['application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'text/plain']) {
      const answer = await world.acme.call(me, {
        method: 'POST',
        cookies,
        headers: { 'content-type': type, 'sec-fetch-site': 'cross-site' },
        body: 'first_name=Mallory',
      })
      expect([403, 405, 415]).toContain(answer.status)
    }
    expect((await world.acme.call(me, { cookies })).json.first_name).not.toBe('Mallory')
  })
})

describe('signing in and out from another origin', () => {
  // CSRF-05
  test.each(foreign)('sets no cookie for %s', async (_who, headers) => {
    const answer = await world.acme.call(`${auth}/session/`, { body: world.acme.staff, headers: headers() })
    expect(answer).toMatchObject(refusal)
  })

  test('is not possible with a form: both endpoints reject one', async () => {
    for (const path of ['jwt/create', 'session']) {
      for (const type of [
        'application/x-www-form-urlencoded',
        'multipart/form-data; boundary=x',
        'text/plain',
        'text/plain; a=application/json',
        '',
      ]) {
        const answer = await world.acme.call(`${auth}/${path}/`, {
          body: JSON.stringify(world.acme.staff),
          headers: { 'content-type': type, 'origin': 'https://evil.example' },
        })
        expect(answer).toMatchObject({ status: 415, cookies: {} })
      }
    }
  })

  test('by tokens sets no cookie for anyone', async () => {
    const answer = await world.acme.call(`${auth}/jwt/create/`, { body: world.acme.staff, sameOrigin: true })
    expect(answer).toMatchObject({ status: 200, cookies: {} })
    expect(await world.acme.call(`${auth}/jwt/refresh/`, { body: { refresh: answer.json.refresh } })).toMatchObject({
      status: 200,
      cookies: {},
    })
  })

  // CSRF-06
  test('does not happen by a GET, nor by a request that is refused', async () => {
    const session = await signInWithCookies(world.acme, world.acme.staff)
    for (const path of [
      `${auth}/session/`,
      `${auth}/jwt/blacklist/`,
      `${auth}/session/refresh/`,
      `${api}/sessions/?_method=DELETE`,
    ]) {
      const answer = await world.acme.call(path, {
        cookies: session,
        headers: { 'sec-fetch-site': 'cross-site', 'x-http-method-override': 'DELETE' },
      })
      expect([200, 405]).toContain(answer.status)
      expect(answer.cookies).toEqual({})
    }
    expect(
      await world.acme.call(`${auth}/session/`, {
        method: 'DELETE',
        cookies: session,
        headers: { origin: world.globex.origin },
      }),
    ).toMatchObject(refusal)
    expect(
      await world.acme.call(`${auth}/session/refresh/`, {
        method: 'POST',
        cookies: session,
        headers: { origin: world.globex.origin },
      }),
    ).toMatchObject(refusal)
    expect((await world.acme.call(me, { cookies: session })).status).toBe(200)
    expect((await world.acme.call('/logout', { cookies: session, accept: 'text/html' })).status).toBe(404)
  })
})

describe('the cookies of a session', () => {
  test('over http are HttpOnly, Lax, of this host alone, and carry no prefix that http could not keep', async () => {
    const answer = await world.acme.call(`${auth}/session/`, { body: world.acme.staff, sameOrigin: true })
    const lines = answer.headers['set-cookie'] ?? []
    expect(lines.map(nameOf).sort()).toEqual(['tenantry_access', 'tenantry_refresh'])
    for (const line of lines) expect(attributesOf(line)).toEqual(['expires', 'httponly', 'path=/', 'samesite=lax'])
  })

  // CSRF-09
  test('over https are Secure and locked to their host, which no sibling can write', async () => {
    const answer = await secure.acme.call(`${auth}/session/`, { body: secure.acme.staff, sameOrigin: true })
    const lines = answer.headers['set-cookie'] ?? []
    expect(lines.map(nameOf).sort()).toEqual(['__Host-tenantry_access', '__Host-tenantry_refresh'])
    for (const line of lines) {
      expect(attributesOf(line)).toEqual(['expires', 'httponly', 'path=/', 'samesite=lax', 'secure'])
      expect(line.length).toBeLessThan(4096)
    }
    expect(answer.headers['strict-transport-security']).toMatch(/^max-age=(?:3153[6-9]|[4-9]|\d{9})/)
  })

  test('over https count with their prefix alone', async () => {
    const jar = await signInWithCookies(secure.acme, secure.acme.admin)
    expect((await secure.acme.call(me, { cookies: jar })).status).toBe(200)
    const access = jar['__Host-tenantry_access']!
    for (const name of [
      'tenantry_access',
      '__host-tenantry_access',
      '__Secure-tenantry_access',
      '__Host-Tenantry_access',
      ' __Host-tenantry_access_',
    ]) {
      expect((await secure.acme.call(me, { cookies: { [name]: access } })).status).toBe(401)
    }
    const unprefixed = { tenantry_access: 'planted', tenantry_refresh: 'planted' }
    expect((await secure.acme.call(me, { cookies: { ...unprefixed, ...jar } })).json).toMatchObject({
      id: secure.acme.admin.id,
    })
  })

  test('over https, a choice of how pages look has the prefix too, so that no sibling can make it', async () => {
    for (const place of [secure.acme, secure.globex]) {
      const languageWith = async (cookies: Record<string, string>) => {
        const { text } = await place.call('/login', {
          accept: 'text/html',
          headers: { 'accept-language': 'en' },
          cookies,
        })
        return /<html[^>]* lang="(\w+)"/.exec(text)?.[1]
      }
      expect(await languageWith({ '__Host-tenantry_locale': 'ar' })).toBe('ar')
      expect(await languageWith({ tenantry_locale: 'ar' })).toBe('en')
    }
  })

  test('over http do not count with a prefix', async () => {
    expect(
      (await world.acme.call(me, { cookies: { '__Host-tenantry_access': cookies.tenantry_access! } })).status,
    ).toBe(401)
  })

  test('over https are held to the https origin', async () => {
    const jar = await signInWithCookies(secure.acme, secure.acme.admin)
    const change = (origin: string) =>
      secure.acme.call(me, { method: 'PATCH', cookies: jar, headers: { origin }, body: {} })
    expect((await change(secure.acme.origin)).status).toBe(200)
    expect(secure.acme.origin).toBe('https://acme.localhost')
    for (const origin of ['http://acme.localhost', `https://${secure.acme.host}`, secure.globex.origin])
      expect(await change(origin)).toMatchObject(refusal)
  })

  test('expire with the tokens in them', async () => {
    const answer = await secure.acme.call(`${auth}/session/`, { body: secure.acme.staff, sameOrigin: true })
    for (const line of answer.headers['set-cookie'] ?? []) {
      const [, payload = ''] = line.slice(line.indexOf('=') + 1).split('.')
      const { exp } = JSON.parse(Buffer.from(payload, 'base64url').toString())
      expect(Date.parse(/expires=([^;]+)/i.exec(line)![1]!)).toBe(exp * 1000)
    }
  })

  test('are the only place of tokens: no answer to a browser has one in its body', async () => {
    const signedIn = await world.acme.call(`${auth}/session/`, { body: world.acme.staff, sameOrigin: true })
    const renewed = await world.acme.call(`${auth}/session/refresh/`, {
      method: 'POST',
      cookies: signedIn.cookies,
      sameOrigin: true,
    })
    expect(Object.keys(signedIn.json)).toEqual(['user'])
    expect(Object.keys(renewed.json)).toEqual(['expires_at'])
    for (const { text } of [
      signedIn,
      renewed,
      await world.acme.call('/profile', { accept: 'text/html', cookies: renewed.cookies }),
    ]) {
      expect(text).not.toMatch(/eyJ[\w-]+\.[\w-]+\.[\w-]+/)
    }
  })

  test('are deleted by signing out, with the same attributes, and their session has ended, LIFE-01', async () => {
    for (const place of [world.acme, secure.acme]) {
      const jar = await signInWithCookies(place, place.staff)
      const answer = await place.call(`${auth}/session/`, { method: 'DELETE', cookies: jar, sameOrigin: true })
      expect(answer.status).toBe(204)
      expect(answer.cookies).toEqual(Object.fromEntries(Object.keys(jar).map(name => [name, ''])))
      for (const line of answer.headers['set-cookie'] ?? [])
        expect(line).toMatch(/; Path=\/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly;(?: Secure;)? SameSite=Lax$/)
      expect(answer.headers['clear-site-data']).toBeDefined()
      expect((await place.call(me, { cookies: jar })).status).toBe(401)
      expect(
        (await place.call(`${auth}/session/refresh/`, { method: 'POST', cookies: jar, sameOrigin: true })).status,
      ).toBe(401)
    }
  })

  test('are never cleared by a refused refresh: the loser of a race would sign the winner out', async () => {
    const jars: Record<string, string>[] = [
      {},
      { tenantry_refresh: 'x' },
      { tenantry_refresh: cookies.tenantry_access! },
    ]
    for (const jar of jars) {
      expect(
        await world.acme.call(`${auth}/session/refresh/`, { method: 'POST', cookies: jar, sameOrigin: true }),
      ).toMatchObject({ status: 401, cookies: {} })
    }
  })
})

describe('a Cookie header', () => {
  const own = () => `tenantry_access=${cookies.tenantry_access}`

  test.each<[string, () => string[]]>([
    ['our access cookie twice', () => [`Cookie: ${own()}; tenantry_access=other`]],
    ['our access cookie twice the same', () => [`Cookie: ${own()}; ${own()}`]],
    ['our access cookie twice, once empty', () => [`Cookie: tenantry_access=; ${own()}`]],
    ['our access cookie twice, once without a value', () => [`Cookie: tenantry_access; ${own()}`]],
    ['our refresh cookie twice', () => [`Cookie: ${own()}; tenantry_refresh=a; tenantry_refresh=b`]],
    ['our access cookie in two headers', () => [`Cookie: ${own()}`, 'Cookie: tenantry_access=other']],
    ['a no-break space before a name', () => [`Cookie: ${own()}; \xA0tenantry_access=other`]],
    ['a no-break space before the only name', () => ['Cookie: \xA0tenantry_access=x']],
    ['a next-line byte after a name', () => ['Cookie: tenantry_access\x85=x']],
    ['a tab inside a name', () => ['Cookie: tenantry_\taccess=x']],
    ['a control byte in a name', () => ['Cookie: tenantry_access\x01=x']],
    ['a delete byte in a name', () => ['Cookie: \x7Ftenantry_access=x']],
  ])('is 400 with %s, for programs, pages and writes', async (_what, lines) => {
    for (const line of [
      `GET ${me} HTTP/1.1`,
      'GET /people HTTP/1.1',
      `POST ${auth}/session/ HTTP/1.1`,
      `DELETE ${auth}/session/ HTTP/1.1`,
    ]) {
      const answer = await sendRaw(world.port, [line, `Host: ${world.acme.host}`, ...lines()])
      expect(answer.status).toBe(400)
      expect(answer.headers['set-cookie']).toBeUndefined()
      expect(answer.body).not.toContain('ann@example.com')
    }
  })

  test.each<[string, () => string]>([
    ['others beside it, even twice', () => `theme=dark; theme=light; ${own()}; a=b`],
    ['others of any value', () => `theme=\xE9 "x"=y,z; ${own()}`],
    ['one whose name begins as ours', () => `tenantry_access_=x; tenantry_accesses=y; ${own()}`],
    ['no blanks between them', () => `a=b;${own()};c=d`],
    ['nothing at the ends', () => `; ${own()};`],
    ['a name alone', () => `alone; ${own()}`],
    ['a foreign name in UTF-8', () => `caf\xC3\xA9 cr\xC3\xA8me="\xC3\xA9 z"; ${own()}`],
    ['foreign names with blanks', () => `my cookie=a b; a\tb=x; \xA0=y; \x85z=\xFF; ${own()}`],
    ['a prototype in it', () => `__proto__=x; constructor=y; hasOwnProperty=z; ${own()}`],
  ])('is read as one reads it, with %s', async (_what, value) => {
    const answer = await sendRaw(world.port, [`GET ${me} HTTP/1.1`, `Host: ${world.acme.host}`, `Cookie: ${value()}`])
    expect(answer.status).toBe(200)
    expect(JSON.parse(answer.body)).toMatchObject({ id: world.acme.admin.id })
    const page = await sendRaw(world.port, ['GET /people HTTP/1.1', `Host: ${world.acme.host}`, `Cookie: ${value()}`])
    expect(page.status).toBe(200)
    expect(page.body).toContain(world.acme.admin.email)
  })

  test.each(['%ZZ', '%', '"', '\\', '{}', 'null', 'a b', '%00', 'x'.repeat(8_000)])(
    'with a value that is no token is nobody, and no fault of ours: %j',
    async value => {
      const answer = await sendRaw(world.port, [
        `GET ${me} HTTP/1.1`,
        `Host: ${world.acme.host}`,
        `Cookie: tenantry_access=${value}`,
      ])
      expect(answer.status).toBe(401)
    },
  )
})

describe('a token in the header', () => {
  test('has priority over a cookie, and is never mixed with it', async () => {
    const { access } = await signInAs(world.acme, world.acme.staff)
    const answer = await world.acme.call(me, { token: access, cookies })
    expect(answer.json).toMatchObject({ id: world.acme.staff.id, role: 'Staff' })
    expect((await world.acme.call(`${auth}/users/`, { token: access, cookies })).json).toMatchObject({ count: 1 })
    expect((await world.acme.call(`${auth}/users/${world.acme.admin.id}/`, { token: access, cookies })).status).toBe(
      404,
    )
  })

  test.each([
    ['Bearer x', 'token_not_valid'],
    ['Bearer', 'bad_authorization_header'],
    ['Bearer a b', 'bad_authorization_header'],
    ['bearer x', 'token_not_valid'],
    ['BEARER  x', 'token_not_valid'],
    ['JWT x', 'token_not_valid'],
    ['jwt', 'bad_authorization_header'],
  ])('that is invalid is not replaced by a cookie: %j', async (authorization, code) => {
    const answer = await world.acme.call(me, { cookies, headers: { authorization } })
    expect(answer).toMatchObject({ status: 401, json: { code } })
  })

  test('works from any origin: programs have none', async () => {
    const person = await addPerson(world, world.acme, 'program@example.com')
    const { access } = await signInAs(world.acme, person)
    for (const headers of [{ 'origin': 'https://evil.example', 'sec-fetch-site': 'cross-site' }, {}]) {
      const answer = await world.acme.call(me, {
        method: 'PATCH',
        token: access,
        cookies,
        headers,
        body: { first_name: 'Program' },
      })
      expect(answer).toMatchObject({ status: 200, json: { id: person.id, first_name: 'Program' } })
    }
  })

  test('does not allow the requests that set cookies', async () => {
    const { access } = await signInAs(world.acme, world.acme.staff)
    for (const [method, path] of [
      ['POST', 'session'],
      ['DELETE', 'session'],
      ['POST', 'session/refresh'],
    ] as const) {
      expect(
        await world.acme.call(`${auth}/${path}/`, {
          method,
          token: access,
          cookies,
          headers: { origin: 'https://evil.example' },
        }),
      ).toMatchObject(refusal)
    }
  })
})

describe('a page of another origin', () => {
  // CSRF-10
  test.each([
    'https://evil.example',
    'null',
    'http://globex.localhost',
    'https://acme.localhost.evil.example',
    '*',
    'own',
  ])('is given leave by no header: Origin %s', async given => {
    const origin = given === 'own' ? world.acme.origin : given
    const paths = [
      me,
      `${auth}/jwt/create/`,
      `${auth}/session/`,
      `${api}/users/`,
      `${api}/nothing/`,
      '/.well-known/jwks.json',
      '/',
      '/login',
      '/nothing',
      '/favicon.svg',
      '/healthz',
    ]
    const answers = await Promise.all(
      paths.flatMap(path => [
        world.acme.call(path, { headers: { origin } }),
        world.acme.call(path, { cookies, headers: { origin } }),
        world.acme.call(path, { method: 'POST', headers: { origin }, body: {} }),
        world.acme.call(path, {
          method: 'OPTIONS',
          cookies,
          headers: {
            origin,
            'access-control-request-method': 'DELETE',
            'access-control-request-headers': 'authorization,content-type',
            'access-control-request-private-network': 'true',
          },
        }),
      ]),
    )
    for (const { headers } of [...answers, await world.call('nosuch.localhost', me, { headers: { origin } })]) {
      expect(
        Object.keys(headers).filter(name => name.startsWith('access-control') || name === 'timing-allow-origin'),
      ).toEqual([])
      expect(headers['cross-origin-resource-policy']).toBe('same-origin')
    }
  })
})

function nameOf(line: string): string {
  return line.slice(0, line.indexOf('='))
}

/** A cookie's attributes in lower case and sorted; of its expiry only that it exists. */
function attributesOf(line: string): string[] {
  return line
    .split(';')
    .slice(1)
    .map(part =>
      part
        .trim()
        .toLowerCase()
        .replace(/^expires=.*/, 'expires'),
    )
    .sort()
}
